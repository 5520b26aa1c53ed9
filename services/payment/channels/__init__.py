"""One thin package per payment channel: its signatures, its messages, and the answers that it expects."""
