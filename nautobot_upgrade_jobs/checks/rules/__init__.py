"""The rules; the folder is the registry."""
