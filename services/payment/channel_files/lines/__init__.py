"""The lines of institutions' files, by token, and what became of each."""
