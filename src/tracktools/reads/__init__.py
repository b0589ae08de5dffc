"""Measured reads as tracks: stranded bigWigs from BAM, SAM or bedGraph, on the strand of the RNA."""

from __future__ import annotations

from tracktools.reads.alignment_signal import AlignmentSignal
from tracktools.reads.bedgraph_signal import BedGraphSignal
from tracktools.reads.tracks import Signal, make_read_tracks, strand_agreement

__all__ = ["AlignmentSignal", "BedGraphSignal", "Signal", "make_read_tracks", "strand_agreement"]
