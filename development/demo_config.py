"""Faults of the demo's configuration; the stack appends this file to its nautobot_config.py."""

# Removed in Nautobot 3.1: its system checks refuse to start with it (nautobot.core.E010).
JOB_FILE_IO_STORAGE = "db_file_storage.storage.DatabaseFileStorage"
