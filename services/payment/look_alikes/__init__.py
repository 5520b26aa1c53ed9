"""Stored numbers of documents that look alike: listed by the migration that found them, resolved by two people."""
