"""Cash receipts: the controlled documents that villages write, and what became of each."""
