"""Names of Django's ORM that the source text of queries contains."""

MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
"""Attributes of a model with which a query begins."""
