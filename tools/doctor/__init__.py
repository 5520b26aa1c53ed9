"""``canbao doctor``: examines an installation from outside, up or down; says what is wrong and the remedy."""
