"""The embedded stack: a Nautobot with real servers that starts in seconds and needs no Docker."""
