"""Rehearse an upgrade on a copy of the data, on a database server of its own."""
