"""The channel's own daily bills: which days are wanted, how they are fetched, checked and stored."""
