"""Where the money stands: sums over the books, per township, and what stands apart."""
