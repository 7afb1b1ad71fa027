"""Capture the state of an installation in a file, and compare two states; pure."""
