"""Suspense: money that pays no bill. It is a transfer with a reason, kept until it is returned or matched."""
