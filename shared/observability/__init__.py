"""Logs and metrics: what operations sees."""
