"""Doors to files: each module reads and writes one kind of file, and owns the package that knows it."""
