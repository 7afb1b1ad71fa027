"""A relay to PostgreSQL."""
