"""One thin room per payment channel: how it signs, what it says, how it wants to be answered."""
