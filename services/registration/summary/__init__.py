"""Registration in figures: aggregates for the console, never a person."""
