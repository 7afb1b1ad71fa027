"""One pure renderer for each format."""
