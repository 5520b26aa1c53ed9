"""Refunds that nobody here asked for: made in the channel's console, or of a credited contribution."""
