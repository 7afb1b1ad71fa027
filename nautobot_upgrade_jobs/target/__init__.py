"""The target release, resolved, built and started apart from the live installation."""
