"""What differs between us and a channel's bills: each with its class, owner and age, closed by a fact or two people."""
