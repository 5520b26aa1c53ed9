"""What a payout lacks: refunds that nothing of ours explains, and what is there now."""
