"""Rosters (名单): whom a department certifies for an identity, and whom it no longer does."""
