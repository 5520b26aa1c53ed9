"""The people and offices of the county, each acting through canbao's doors with its own credentials."""
