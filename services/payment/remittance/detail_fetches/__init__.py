"""The tax bureau's detail of a large batch, fetched by a job: progress to look at, and a place to go on from."""
