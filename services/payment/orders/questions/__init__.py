"""Which orders the channel is asked about next, when, and how fast."""
