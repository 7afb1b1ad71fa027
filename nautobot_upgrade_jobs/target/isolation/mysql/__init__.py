"""A relay to MySQL."""
