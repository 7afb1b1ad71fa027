"""The snapshot file, and the comparison of two states, as pure functions."""
