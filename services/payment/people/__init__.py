"""Who is registered, and whether a name that a bank or the tax bureau gives is theirs; never a name."""
