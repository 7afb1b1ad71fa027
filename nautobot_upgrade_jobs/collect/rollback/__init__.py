"""Collectors that only the Rollback Planner uses."""
