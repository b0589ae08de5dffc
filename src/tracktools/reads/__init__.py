"""Measured reads as tracks: stranded bigWigs, on the strand of the RNA, from reads or from values of each strand."""

from __future__ import annotations

from tracktools.reads.alignment_signal import AlignmentSignal
from tracktools.reads.content import refuse_values
from tracktools.reads.tracks import SignalReader, make_read_tracks, strand_agreement
from tracktools.reads.value_signal import ValueSignal

__all__ = [
    "AlignmentSignal",
    "SignalReader",
    "ValueSignal",
    "make_read_tracks",
    "refuse_values",
    "strand_agreement",
]
