"""The queue of people who are to be priced again: because of a roster, a day that begins, or another policy."""
