"""Running counts: people by price, and roster lines in force; what a change adds and takes away is written with it."""
