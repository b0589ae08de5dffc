"""An independent count: all records in memory, mates by name, positions from pysam, base by base."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pysam


def count_reads(path: Path, library: str, signal: str, min_mapq: int = 0) -> dict[str, dict[str, Any]]:
    """Return for each strand and sequence the value of each base, as docs/reads.md defines it."""
    with pysam.AlignmentFile(str(path)) as file:
        sizes = dict(zip(file.references, file.lengths, strict=True))
        molecules = defaultdict(list)
        for read in file.fetch(until_eof=True):
            wanted = not (read.is_unmapped or read.is_secondary or read.is_supplementary)
            if wanted and not (read.is_duplicate or read.is_qcfail) and read.mapping_quality >= min_mapq:
                molecules[read.query_name].append(read)
    counts = {strand: {name: np.zeros(size) for name, size in sizes.items()} for strand in "+-"}

    def add(read: pysam.AlignedSegment, bases: set[int]) -> None:
        read_is_as_rna = (library == "forward") != read.is_read2
        strand = "+" if read.is_forward == read_is_as_rna else "-"
        counts[strand][str(read.reference_name)][sorted(bases)] += 1

    for reads in molecules.values():
        if signal != "coverage":
            for read in reads:
                starts_at = "5prime" if (library == "forward") != read.is_read2 else "3prime"
                bases = read.get_reference_positions()
                if read.is_paired and starts_at != signal:
                    continue
                first = bases[0] if read.is_forward else bases[-1]
                last = bases[-1] if read.is_forward else bases[0]
                add(read, {first if starts_at == signal else last})
            continue
        mates = len(reads) == 2 and all(read.is_proper_pair for read in reads)
        if mates and reads[0].is_forward != reads[1].is_forward:
            one, two = (set(read.get_reference_positions()) for read in reads)
            left, right = (one, two) if min(one) <= min(two) else (two, one)
            add(reads[0], left | right | set(range(max(left), min(right))))
        else:
            for read in reads:
                add(read, set(read.get_reference_positions()))
    return counts
