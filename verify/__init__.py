"""The proof of consistency: a read-only auditor with its own queries over what every database publishes for it."""
