"""Refunds that a channel deducted from a payout, and the day that each belongs to."""
