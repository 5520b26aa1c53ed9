"""What differs from a channel's bills, found by comparing whole bills and payouts with what was counted."""
