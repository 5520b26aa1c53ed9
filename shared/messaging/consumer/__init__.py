"""Events in: each takes effect once, in the order of its aggregate."""
