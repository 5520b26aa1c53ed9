"""The way back of what came from the bank: a line that was entered wrongly is reversed by two people."""
