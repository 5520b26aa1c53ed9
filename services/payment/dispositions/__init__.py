"""What two people decide about suspended money: matched to a bill, given back, or carried over to another year."""
