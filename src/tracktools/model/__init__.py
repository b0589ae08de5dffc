"""The network and its checkpoints: pure torch; knows no genome."""
