"""TSS sets: import, check, lift, curate, classify, compare."""
