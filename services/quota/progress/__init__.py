"""How far each township is: village counters fed by registration's events, read as towns and a county."""
