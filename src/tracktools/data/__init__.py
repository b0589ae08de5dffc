"""The embedded E. coli bundle."""
