"""In-silico mutagenesis: what a change of the sequence does to a TSS."""

from tracktools.mutate.sequence import mutate_sequence

__all__ = ["mutate_sequence"]
