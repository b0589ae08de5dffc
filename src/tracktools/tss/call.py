"""``tss call``: TSS from a stranded pair of bigWigs, by the caller of ``tracktools predict``."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Int64
from tracktools.calls import call_positions
from tracktools.concise import concise
from tracktools.config import CallConfig
from tracktools.counting import count_line
from tracktools.errors import ConfigError, TracktoolsError
from tracktools.formats.bed import CALLED_TSS, write_bed
from tracktools.formats.bigwig_pair import BigWigPair, open_pair
from tracktools.interval import STRANDS, Strand
from tracktools.names import listed
from tracktools.run import output_folder
from tracktools.tracks import Track, as_track_name, read_provenance, write_provenance, write_tracks
from tracktools.tss.predicted_calls import keep_predicted_columns
from tracktools.tss.table import check_name, rank_fractions, tss_name

log = logging.getLogger(__name__)

_PIECE_BP = 1 << 22  # read at once
_MANY = 1000  # calls on one strand that make none on the other suspicious


@concise
@dataclass(frozen=True)
class CalledSet:
    """What was called.

    Parameters
    ----------
    table : DataFrame
        Columns of `CALLED_TSS`; `score` is the rank of the value, 1000 the highest. Where the pair is one of
        ``predict``, a call that it made, too, keeps what it said of it; `calibrated` is nan and `split` is ``none``
        otherwise.
    n_above : int
        Bases of both strands at or above the threshold.
    notes : list of str
        What to say of the files: a minus file stored negative, a strand that gave nothing.
    record : dict
        The same for the provenance.
    kept : str
        How many calls have the calibration that ``predict`` gave; empty where the pair is not one of ``predict``.
    """

    table: pd.DataFrame
    n_above: int
    notes: list[str]
    record: dict[str, object]
    kept: str = ""

    @property
    def counts(self) -> str:
        """The line that tells what was read and taken."""
        near = self.n_above - len(self.table)
        return count_line(
            len(self.table), {"no maximum, or near a higher one": near}, "bases at or above the threshold"
        )


def call_tss(
    plus: Path | str,
    minus: Path | str,
    threshold: float,
    *,
    name: str = "called",
    circular: Collection[str] = (),
    min_distance_bp: int = CallConfig.min_distance_bp,
    renames: Mapping[str, str] | None = None,
) -> CalledSet:
    """Call TSS from a stranded pair of signals.

    Parameters
    ----------
    plus, minus : Path or str
        bigWigs in plus-strand coordinates; the minus file may be stored negative. A base without a value is never
        called.
    threshold : float
        Least value of a call.
    name : str
        Prefix of the names of calls.
    circular : collection of str
        Sequences whose last base is a neighbour of the first; ``"all"`` means every one.
    min_distance_bp : int
        Calls on one strand are at least this far apart: the higher wins, of equal ones the 5'-most.
    renames : mapping of str to str, optional
        Name of a sequence in the files to the name that the set gives it.

    Returns
    -------
    CalledSet

    Raises
    ------
    ConfigError
        If the threshold is no number, the distance less than 1, or a sequence is named that the files lack.
    InputError
        If a file is no bigWig, or one strand has values of both signs.
    GenomeMismatchError
        If the two are of different sequences.
    """
    check_name(name)
    plus, minus = Path(plus), Path(minus)
    if not np.isfinite(threshold):
        raise ConfigError(f"threshold is {threshold}: a number is needed")
    if min_distance_bp < 1:
        raise ConfigError(f"distance is {min_distance_bp}: it must be 1 or more")
    parts = []
    n_above = 0
    with open_pair(plus, minus, renames=renames) as pair:
        _check_circular(pair.chrom_sizes, circular, plus)
        circular = pair.chrom_sizes if "all" in circular else circular
        for chrom, length in pair.chrom_sizes.items():
            for strand in STRANDS:
                at, values = _at_or_above(pair, strand, chrom, length, threshold)
                chosen = call_positions(
                    at, values, strand, length=length, circular=chrom in circular, min_distance_bp=min_distance_bp
                )
                n_above += len(at)
                parts.append(_rows(chrom, at[chosen], values[chosen], strand, name))
        notes, record = pair.notes, pair.record
    table = pd.concat(parts, ignore_index=True)
    ranks = rank_fractions(table["modelOutput"].to_numpy(dtype=np.float64))
    table = table.assign(score=np.round(1000 * (1 - ranks)).astype(np.int64))
    table, kept = keep_predicted_columns(table, plus, renames)
    return CalledSet(table, n_above, [*notes, *_one_sided(table, threshold)], record, kept)


def call_folder(
    plus: Path,
    minus: Path,
    threshold: float,
    output: Path,
    *,
    name: str = "called",
    circular: Collection[str] = (),
    min_distance_bp: int = CallConfig.min_distance_bp,
    renames: Mapping[str, str] | None = None,
    force: bool = False,
) -> CalledSet:
    """Call TSS and write ``<name>.bed`` and the track row into a new folder; see `call_tss`."""
    started = time.time()
    with output_folder(output, force=force, inputs=[plus, minus]) as folder:
        called = call_tss(
            plus, minus, threshold, name=name, circular=circular, min_distance_bp=min_distance_bp, renames=renames
        )
        file = folder / f"{name}.bed"
        inherited = _warnings_next_to(plus)
        write_bed(file, called.table, CALLED_TSS, warnings=inherited)
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
        parameters |= {"min_distance_bp": min_distance_bp, "circular": sorted(circular), "read": called.record}
        parameters |= {"counts": called.counts, "warnings": called.notes, "calibration": called.kept}
        write_provenance(folder, started=started, parameters=parameters, warnings=inherited)
    for note in called.notes:
        log.warning("warning: %s", note)
    return called


def _warnings_next_to(path: Path) -> list[str]:
    """Return what the folder of a signal warns of, such as a prediction of another species: it holds for calls, too."""
    try:
        return [str(warning) for warning in read_provenance(path.parent).get("warnings", [])]
    except TracktoolsError:  # somebody else's file of that name
        return []


def _check_circular(held: Mapping[str, int], circular: Collection[str], path: Path) -> None:
    unknown = sorted(set(circular) - set(held) - {"all"})
    if unknown:
        raise ConfigError(f"no sequence {unknown[0]!r} to make circular ({path} has {listed(held)})")


def _one_sided(table: pd.DataFrame, threshold: float) -> list[str]:
    """Return a warning where all of thousands of calls are on one strand."""
    counts = {strand: int((table["strand"] == strand).sum()) for strand in STRANDS}
    one, other = sorted(STRANDS, key=lambda strand: counts[strand])
    if counts[one] == 0 and counts[other] >= _MANY:
        return [
            f"no call at or above {threshold:g} on {one}, and {counts[other]:,} on {other}: is the other file right?"
        ]
    return []


def _at_or_above(pair: BigWigPair, strand: Strand, chrom: str, length: int, threshold: float) -> tuple[Int64, Float32]:
    positions, kept = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
    for start in range(0, length, _PIECE_BP):
        values = pair.values(strand, chrom, start, min(start + _PIECE_BP, length))
        with np.errstate(invalid="ignore"):
            at = np.flatnonzero(values >= threshold)
        positions.append(at + start)
        kept.append(values[at])
    return np.concatenate(positions), np.concatenate(kept)


def _rows(chrom: str, at: Int64, values: Float32, strand: str, name: str) -> pd.DataFrame:
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
            "expectedPrecision": np.nan,
            "expectedPrecisionLow": np.nan,
            "expectedPrecisionHigh": np.nan,
        }
    )
