"""A payout that is settled in portions: the place to go on from, and the end of the next portion."""
