"""The lines of remittance batches: added, moved, numbered and copied, a stretch at a time."""
