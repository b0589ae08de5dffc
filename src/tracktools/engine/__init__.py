"""The ways to run the network over a genome."""
