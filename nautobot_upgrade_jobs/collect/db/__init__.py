"""The database session and its dialects."""
