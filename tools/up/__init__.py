"""``canbao up``: everything on one machine by one command, with a season played to its end and proven."""
