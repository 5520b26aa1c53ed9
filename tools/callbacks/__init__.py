"""Commands for those who integrate a channel: sample notices, what a signature covers, and the delivery log."""
