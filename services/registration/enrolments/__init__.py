"""Enrolments: one person in one benefit year."""
