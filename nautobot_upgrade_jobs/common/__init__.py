"""Helpers and types that every layer may use."""
