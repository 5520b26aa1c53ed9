"""Making an installation on servers that exist: secrets laid out per process, roles and databases."""
