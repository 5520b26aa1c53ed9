"""The installation's business date, and the daily work that follows it."""
