"""Refunds that nobody asked for, recovered by the payer's own new payment."""
