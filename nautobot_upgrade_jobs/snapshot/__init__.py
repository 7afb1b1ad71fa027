"""Snapshots: the state of an installation in a sealed file; pure."""
