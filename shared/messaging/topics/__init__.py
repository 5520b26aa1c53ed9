"""Topics: which installation owns them, which offsets are consumed, and the lag."""
