"""Which day a channel settles a payment or a refund with, where that is not its own: decided by two people."""
