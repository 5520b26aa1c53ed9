"""Payments that a batch counted: of a day, or among the movements that a payout covers."""
