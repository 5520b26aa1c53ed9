"""Payments and their lines: what a channel took, and which bill each part of it pays."""
