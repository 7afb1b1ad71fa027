"""Isolate a process that runs the code of Apps from the live installation."""
