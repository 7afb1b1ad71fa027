"""The copy of a MySQL database."""
