"""Crediting: what stored notices mean for orders, bills and the books. A second, batched step after the answer."""
