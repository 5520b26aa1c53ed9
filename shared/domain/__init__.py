"""Pure values of the field: money, identity numbers, regions, dates. Knows no clock of its own, no input or output."""
