"""Payment's acts that need two people: which there are, what waits, and the decisions."""
