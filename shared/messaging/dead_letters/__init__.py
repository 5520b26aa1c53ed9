"""Events that could not be handled: kept, listed, replayed."""
