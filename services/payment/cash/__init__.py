"""Money that villages collect: receipts, collection statements, deposit slips, and the match of the three."""
