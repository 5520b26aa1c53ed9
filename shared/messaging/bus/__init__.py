"""The bus: one interface, Kafka and PostgreSQL behind it, and what both carry."""
