"""Notices of payment channels: what they say, in one form for all channels, and the rows that keep them."""
