"""Validation of user content."""
