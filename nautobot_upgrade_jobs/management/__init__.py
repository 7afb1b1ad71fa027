"""Package in which Django finds the commands."""
