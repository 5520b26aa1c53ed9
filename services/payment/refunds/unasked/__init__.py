"""Refunds that nobody here asked for: made in the channel's console, or told of a contribution that was credited."""
