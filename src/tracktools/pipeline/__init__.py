"""Several commands in a row."""
