"""The books: one row is one transfer from a credited account to a debited one, append-only, per enrolment line."""
