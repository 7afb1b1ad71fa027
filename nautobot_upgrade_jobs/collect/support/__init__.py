"""Redaction, explicit settings, and metadata of installed packages and processes."""
