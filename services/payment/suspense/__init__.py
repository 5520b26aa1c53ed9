"""Suspense: our money without a home. It is a transfer with a reason, kept until it is returned or matched."""
