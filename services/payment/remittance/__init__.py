"""Bringing premiums to the treasury: batches of entrusted cash and of online settlements, to the certificate."""
