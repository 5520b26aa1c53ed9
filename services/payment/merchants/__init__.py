"""Merchants as data: opened, changed and given up by two people, with keys that lie in files and are read again."""
