"""Isolate a process that runs the code of Apps from the live installation."""

PORT = 5432
"""Of the relay. It is only a part of the name of the socket."""
SOCKET_NAME = f".s.PGSQL.{PORT}"
"""The client library of PostgreSQL looks for this name in a folder."""
