"""Pure functions that compute the changes of an upgrade."""
