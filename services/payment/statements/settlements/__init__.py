"""The bank's lines that stand for a channel's money, and what they wait for."""
