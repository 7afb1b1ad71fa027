"""Validation of content that users create."""
