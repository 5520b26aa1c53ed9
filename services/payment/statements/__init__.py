"""The lines of the bank's statements of the tax pending account."""
