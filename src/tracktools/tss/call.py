"""``tss call``: TSS from a stranded pair of bigWigs, by the caller of ``tracktools predict``."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tracktools.calls import call_tss
from tracktools.config import CallConfig
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bed import CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.formats.folder import atomic_folder
from tracktools.tracks import Track, as_track_name, write_provenance, write_tracks
from tracktools.tss.table import check_name, rank_fractions, tss_name

_PIECE_BP = 1 << 22  # read at once


def call_from_bigwigs(
    plus: Path,
    minus: Path,
    threshold: float,
    *,
    name: str = "called",
    circular: Collection[str] = (),
    min_distance_bp: int = CallConfig.min_distance_bp,
) -> pd.DataFrame:
    """Call TSS from a stranded pair of signals.

    Parameters
    ----------
    plus, minus : Path
        bigWigs in plus-strand coordinates, positive on both strands. A base without a value is never called.
    threshold : float
        Least value of a call.
    name : str
        Prefix of the names of calls.
    circular : collection of str
        Sequences whose last base is a neighbour of the first; ``"all"`` stands for every one.
    min_distance_bp : int
        Calls of one strand stand at least so far apart: the higher wins, of equal ones the 5'-most.

    Returns
    -------
    DataFrame
        Columns of `CALLED_TSS`; `calibrated` is nan and `split` is ``none``, since nothing is known of the signal.
        `score` is the rank of the value, 1000 the highest.

    Raises
    ------
    ConfigError
        If the threshold is no number, or the distance less than 1.
    InputError
        If a file is no bigWig, or its values are all negative, as in copies made for display.
    GenomeMismatchError
        If the two are of different sequences.
    """
    check_name(name)
    if not np.isfinite(threshold):
        raise ConfigError(f"threshold is {threshold}: a number is needed")
    if min_distance_bp < 1:
        raise ConfigError(f"distance is {min_distance_bp}: it must be 1 or more")
    parts = []
    with BigWigReader(plus) as forward, BigWigReader(minus) as reverse:
        if forward.chrom_sizes != reverse.chrom_sizes:
            raise GenomeMismatchError(f"has other sequences than {plus}", path=minus, mend="take a pair of one genome")
        circular = forward.chrom_sizes if "all" in circular else circular
        unknown = sorted(set(circular) - set(forward.chrom_sizes))
        if unknown:
            raise ConfigError(f"no sequence {unknown[0]!r} to make circular")
        for chrom, length in forward.chrom_sizes.items():
            for signal, strand in ((forward, "+"), (reverse, "-")):
                at, values = _at_or_above(signal, chrom, length, threshold)
                chosen = call_tss(
                    at,
                    values,
                    "+" if strand == "+" else "-",
                    length=length,
                    circular=chrom in circular,
                    min_distance_bp=min_distance_bp,
                )
                parts.append(_rows(chrom, at[chosen], values[chosen], strand, name))
        if not any(map(len, parts)):
            _check_sign(forward, threshold)
            _check_sign(reverse, threshold)
    table = pd.concat(parts, ignore_index=True)
    ranks = rank_fractions(table["modelOutput"].to_numpy(dtype=np.float64))
    return table.assign(score=np.round(1000 * (1 - ranks)).astype(np.int64))


def call_folder(
    plus: Path,
    minus: Path,
    threshold: float,
    output: Path,
    *,
    name: str = "called",
    circular: Collection[str] = (),
    min_distance_bp: int = CallConfig.min_distance_bp,
    force: bool = False,
) -> pd.DataFrame:
    """Call TSS and write ``<name>.bed`` and the track row into a new folder; see `call_from_bigwigs`."""
    started = time.time()
    with atomic_folder(output, force=force, inputs=[plus, minus]) as folder:
        table = call_from_bigwigs(plus, minus, threshold, name=name, circular=circular, min_distance_bp=min_distance_bp)
        file = folder / f"{name}.bed"
        write_bed(file, table, CALLED_TSS)
        track = Track(
            name=as_track_name(f"tss_{name}"),
            path=file,
            format="bed",
            group="tss",
            short_label=name[:17],
            long_label=f"TSS called from {plus.name} and {minus.name} at {threshold:g}"[:76],
            color="0,0,0",
            visibility="pack",
            method=f"Local maxima at or above {threshold:g}, at least {min_distance_bp} nt apart.",
            source=f"{plus.name}, {minus.name}",
        )
        write_tracks(folder, [track])
        parameters = {"plus": str(plus), "minus": str(minus), "threshold": threshold}
        parameters |= {"min_distance_bp": min_distance_bp, "circular": sorted(circular)}
        write_provenance(folder, started=started, parameters=parameters)
    return table


def _at_or_above(
    signal: BigWigReader, chrom: str, length: int, threshold: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    positions, kept = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
    for start in range(0, length, _PIECE_BP):
        values = signal.values(chrom, start, min(start + _PIECE_BP, length))
        with np.errstate(invalid="ignore"):
            at = np.flatnonzero(values >= threshold)
        positions.append(at + start)
        kept.append(values[at])
    return np.concatenate(positions), np.concatenate(kept)


def _rows(
    chrom: str, at: npt.NDArray[np.int64], values: npt.NDArray[np.float32], strand: str, name: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": at,
            "chromEnd": at + 1,
            "name": [tss_name(name, chrom, start, strand) for start in at.tolist()],
            "score": 0,
            "strand": strand,
            "modelOutput": values,
            "calibrated": np.nan,
            "split": "none",
        }
    )


def _check_sign(signal: BigWigReader, threshold: float) -> None:
    if threshold > 0 and signal.summary is not None and signal.summary.minimum < 0 >= signal.summary.maximum:
        raise InputError(
            "holds negative values only", path=signal.path, mend="a display copy? take the file that it was made from"
        )
