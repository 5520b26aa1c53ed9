"""A county's people as rows: registered, assessed, billed and ordered, or paid long ago, a million in a minute."""
