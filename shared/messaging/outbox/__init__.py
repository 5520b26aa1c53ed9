"""Events out: written in the transaction of their facts, then relayed in order."""
