"""Shared parts of both command lines."""
