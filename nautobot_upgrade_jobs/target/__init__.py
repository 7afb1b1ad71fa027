"""Resolve, build and start the target release outside of the live installation."""
