"""A trade bill beside what we have of its day, by class."""
