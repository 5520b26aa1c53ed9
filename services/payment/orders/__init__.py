"""Orders: one attempt to collect one or more bill lines through one channel."""
