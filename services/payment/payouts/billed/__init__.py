"""Taking the payouts out of each bill: which movements each of them covers."""
