"""Rollback options; pure."""
