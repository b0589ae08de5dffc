"""The three ways in which a bigWig stores values, and which of them is the smallest."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from tracktools.arrays import Float32, Int64

SECTION = struct.Struct("<IIIIIBxH")  # sequence, start, end, step, span, kind, number of items
BED_GRAPH, VARIABLE_STEP, FIXED_STEP = 1, 2, 3
_ITEMS = 1024  # values of a section, as in UCSC's programs
_SECTION_BYTES = SECTION.size + 32  # its header, and its place in the index
GRAPH_ITEM = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])
VARIABLE_ITEM = np.dtype([("start", "<u4"), ("value", "<f4")])

Section = tuple[int, int, bytes]


def encode_sections(chrom: int, start: int, values: Float32) -> Iterator[Section]:
    """Yield the sections that hold a stretch of values, in the smallest of the three ways.

    Dense values become fixedStep sections (4 bytes per value), lone ones variableStep (8), long runs of one value
    bedGraph (12 a run).

    Parameters
    ----------
    chrom : int
        Number of the sequence.
    start : int
        Position of the first value.
    values : ndarray of float32, shape (n,)
        A value per base, NaN where there is none. Not empty.

    Yields
    ------
    start, end : int
        What the section spans.
    section : bytes
        Uncompressed.
    """
    known = ~np.isnan(values)
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    bits = values.view(np.uint32)
    changes = known & np.concatenate(([True], (bits[1:] != bits[:-1]) | ~known[:-1]))
    n_values, n_runs = int(known.sum()), int(changes.sum())
    # Bytes after compression, fitted on runs of 1 to 1,024 bases of random numbers and of counts; true within a fifth.
    costs = {
        FIXED_STEP: 4 * n_runs + n_values / 8 + _SECTION_BYTES * int((-(-(ends - starts) // _ITEMS)).sum()),
        VARIABLE_STEP: 6 * n_values + _SECTION_BYTES * -(-n_values // _ITEMS),
        BED_GRAPH: 6.5 * n_runs + _SECTION_BYTES * -(-n_runs // _ITEMS),
    }
    if not n_values:
        return
    kind = min(costs, key=costs.__getitem__)
    if kind == FIXED_STEP:
        for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
            yield from _fixed_step(chrom, start + first, values[first:end])
    elif kind == VARIABLE_STEP:
        yield from _variable_step(chrom, start + np.flatnonzero(known), values[known])
    else:
        firsts = np.flatnonzero(changes)
        lasts = np.flatnonzero(known & np.concatenate((changes[1:] | ~known[1:], [True])))
        yield from _bed_graph(chrom, start + firsts, start + lasts + 1, values[firsts])


def _fixed_step(chrom: int, start: int, values: Float32) -> Iterator[Section]:
    for first in range(0, len(values), _ITEMS):
        part = values[first : first + _ITEMS]
        header = SECTION.pack(chrom, start + first, start + first + len(part), 1, 1, FIXED_STEP, len(part))
        yield start + first, start + first + len(part), header + part.astype("<f4").tobytes()


def _variable_step(chrom: int, positions: Int64, values: Float32) -> Iterator[Section]:
    items = np.empty(len(positions), dtype=VARIABLE_ITEM)
    items["start"], items["value"] = positions, values
    for first in range(0, len(items), _ITEMS):
        part = items[first : first + _ITEMS]
        start, end = int(part["start"][0]), int(part["start"][-1]) + 1
        yield start, end, SECTION.pack(chrom, start, end, 0, 1, VARIABLE_STEP, len(part)) + part.tobytes()


def _bed_graph(chrom: int, starts: Int64, ends: Int64, values: Float32) -> Iterator[Section]:
    items = np.empty(len(starts), dtype=GRAPH_ITEM)
    items["start"], items["end"], items["value"] = starts, ends, values
    for first in range(0, len(items), _ITEMS):
        part = items[first : first + _ITEMS]
        start, end = int(part["start"][0]), int(part["end"][-1])
        yield start, end, SECTION.pack(chrom, start, end, 0, 0, BED_GRAPH, len(part)) + part.tobytes()
