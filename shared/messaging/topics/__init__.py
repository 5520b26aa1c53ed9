"""Topics: whose they are, which offsets are consumed, and how far behind."""
