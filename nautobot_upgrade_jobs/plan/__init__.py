"""What the migration history and graph say, and the ways through them; pure."""
