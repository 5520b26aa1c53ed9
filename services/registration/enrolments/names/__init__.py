"""Tokens of names that were entered before names had any."""
