"""How an institution that collects for us proves what it says, and how we prove our answers: signatures, both ways."""
