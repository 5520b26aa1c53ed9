"""Commands about payment channels and their merchants."""
