"""The Nautobot Jobs, one per module."""
