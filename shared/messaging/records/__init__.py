"""Records of events: their place in a sequence, and those that could not be handled."""
