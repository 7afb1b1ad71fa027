"""Database sessions, SQL helpers and the code for each server."""
