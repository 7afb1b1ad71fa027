"""What an upgrade changes, as pure functions."""
