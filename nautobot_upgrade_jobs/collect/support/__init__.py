"""Redaction and metadata."""
