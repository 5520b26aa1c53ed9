"""``canbao restore``: what a database needs after it was restored to an earlier state."""
