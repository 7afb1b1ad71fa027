"""Rollback options, as pure functions."""
