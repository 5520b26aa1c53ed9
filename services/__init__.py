"""The services of canbao."""
