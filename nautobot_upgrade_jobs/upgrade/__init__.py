"""What an upgrade changes; pure."""
