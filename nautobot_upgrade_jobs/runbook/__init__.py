"""The steps of upgrade and rollback with their shell commands, as pure functions."""
