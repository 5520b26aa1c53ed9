"""The books for finance offices: the trial balance and the statement of one account, by day and moment."""
