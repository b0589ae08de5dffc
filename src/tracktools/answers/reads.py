"""Reads around TSS: the sum of a stranded signal next to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tracktools.genome import Genome
from tracktools.profile.matrix import SignalSource, gather_matrix, open_signal

READS_BP = 5


def read_columns(
    sources: Sequence[SignalSource], rows: pd.DataFrame, genome: Genome, renames: Mapping[str, str] | None
) -> dict[str, pd.Series]:
    """Return the sum of each signal within `READS_BP` bases of each TSS, on its strand; a base without a value adds 0.

    Parameters
    ----------
    sources : sequence of SignalSource
    rows : DataFrame
        `chrom`, `position` (0-based) and `strand`.
    genome : Genome
    renames : mapping of str to str, optional
        Name of a sequence in the signals to its name in the genome.
    """
    circular = [contig.name for contig in genome if contig.circular]
    sums = {}
    for source in sources:
        with open_signal(source, genome.chrom_sizes, renames=renames) as signal:
            matrix = gather_matrix(signal, rows, genome.chrom_sizes, READS_BP, circular=circular, absent="zero")
        sums[f"reads_{source.name}"] = pd.Series(np.nansum(matrix.sense, axis=1, dtype=np.float64))
    return sums


def describe_reads(sources: Sequence[SignalSource]) -> dict[str, str]:
    """Return what each of these columns holds."""
    return {
        f"reads_{source.name}": f"Sum of the signal {source.name} on the strand, from {READS_BP} bases upstream to "
        f"{READS_BP} downstream"
        for source in sources
    }
