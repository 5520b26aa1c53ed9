"""Callbacks as they were delivered: kept ones looked up by their rows, refused ones counted per minute."""
