"""What institutions are held to: targets, coverage, fiscal totals, receipts, matching, remittance, deadlines. Pure."""
