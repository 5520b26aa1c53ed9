"""Remittance batches and their lines: states, steps and the differences that hold a batch."""
