"""Deposits that are short: accepted by two people, owed by the collector, and paid in later."""
