"""Payouts that no movements add up to: two people say which they cover, and what the bank has to show."""
