"""Pure functions that compute what an upgrade changes, such as packages and settings."""
