"""The people and offices of the county, each acting through canbao's API with its own credentials."""
