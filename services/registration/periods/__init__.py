"""Benefit periods: from when to when a paid person is covered."""
