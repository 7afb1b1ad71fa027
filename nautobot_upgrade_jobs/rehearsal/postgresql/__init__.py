"""The copy of a PostgreSQL database."""
