"""Side-by-side measurements: what canbao does, and in the same run what it is compared with."""
