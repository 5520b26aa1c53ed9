"""PostgreSQL: engines and transactions, column types, row-level security, migrations, the embedded server."""
