"""Notices of payment channels, in one form for all channels, and the rows that keep them."""
