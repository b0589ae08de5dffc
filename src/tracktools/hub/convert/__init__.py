"""Copies of tracks as genome browsers read them: signals, features, genes, names of sequences."""
