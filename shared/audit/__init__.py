"""Sealed blocks: what was written once is hashed in blocks, each with the hash of the one before."""
