"""What a channel gave back of paid contributions without being asked: it can be ordered, and paid, again."""
