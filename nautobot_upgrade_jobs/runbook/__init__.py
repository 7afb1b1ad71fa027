"""Steps and shell commands; pure."""
