"""What a Job and a command share."""
