"""What stands in a channel's bill: the file as it came, and its lines."""
