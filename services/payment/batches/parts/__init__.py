"""The parts of a channel's settlement day: each a batch of the money that came together."""
