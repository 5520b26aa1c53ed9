"""Notices in quarantine are closed by two people with a reason, and taken up again the same way."""
