"""The bank's lines that stand for a slip's cash, and what they wait for."""
