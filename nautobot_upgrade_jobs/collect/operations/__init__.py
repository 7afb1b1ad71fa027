"""Analysis of migration operations."""
