"""Motifs against collections (TOMTOM of memelite) and against the hexamers of the textbook."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.config import MotifConfig
from tracktools.formats.motif_files import MotifMatrix, read_motifs
from tracktools.motifs.discover import HeadMotif
from tracktools.motifs.promoter import ELEMENTS, SOURCE, HexamerMatch, match_hexamer
from tracktools.motifs.statistics import benjamini_hochberg

log = logging.getLogger(__name__)

COLUMNS = ("head", "collection", "motif", "p", "q", "offset", "overlap", "strand", "note")
FEW_MATRICES = 25  # below this TOMTOM's p depends on which matrices are there
TEXTBOOK = "textbook"


@dataclass(frozen=True, eq=False)
class Collection:
    """A file of motifs.

    Parameters
    ----------
    name : str
        Name of the file without its ending.
    motifs : tuple of MotifMatrix
        What it holds.
    path : Path
        The file.
    """

    name: str
    motifs: tuple[MotifMatrix, ...]
    path: Path


def read_collections(paths: Sequence[Path]) -> list[Collection]:
    """Read every collection; files of one name get a number behind it."""
    collections: list[Collection] = []
    for path in paths:
        stem = Path(path).name.removesuffix(".gz").rsplit(".", 1)[0]
        again = sum(one.name.rsplit(" ", 1)[0] == stem for one in collections)
        name = stem if not again else f"{stem} {again + 1}"
        collections.append(Collection(name, tuple(read_motifs(path)), Path(path)))
    return collections


def textbook_matches(motifs: Sequence[HeadMotif]) -> dict[tuple[str, str], HexamerMatch]:
    """Return how the motif of each head that has one fits each hexamer, by head and element."""
    return {
        (one.head, element.name): match_hexamer(one.window, one.pwm, element)
        for one in motifs
        if one.pwm is not None and one.window is not None
        for element in ELEMENTS
    }


def match_table(
    motifs: Sequence[HeadMotif],
    collections: Sequence[Collection],
    textbook: dict[tuple[str, str], HexamerMatch],
    config: MotifConfig,
) -> pd.DataFrame:
    """Return the table of matches: `COLUMNS`, by head, collection and p.

    Parameters
    ----------
    motifs : sequence of HeadMotif
        Of all heads; those without motif have no rows.
    collections : sequence of Collection
        Each gives its ``max_matches`` best rows a head; q is over all heads and matrices of the collection.
    textbook : mapping
        From `textbook_matches`; q is over heads and hexamers. `offset` there is the place of the hexamer's first letter
        relative to the attended base; elsewhere it is the column of the matrix (turned round on ``-``) on which the
        first column of the motif lies.
    config : MotifConfig
        Number of rows.
    """
    found = [one for one in motifs if one.pwm is not None]
    rows = _textbook_rows(textbook)
    for collection in collections if found else ():
        rows += _tomtom_rows(found, collection, config)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = {one.head: rank for rank, one in enumerate(motifs)}
    places = {name: rank for rank, name in enumerate([TEXTBOOK, *(one.name for one in collections)])}
    keys = table["p"].to_numpy(dtype=float), table["collection"].map(places), table["head"].map(order)
    return table.iloc[np.lexsort(keys)].reset_index(drop=True)


def _textbook_rows(textbook: dict[tuple[str, str], HexamerMatch]) -> list[tuple[object, ...]]:
    q_values = benjamini_hochberg([match.p for match in textbook.values()])
    note = f"rank among all 4,096 hexamers; {SOURCE}"
    return [
        (head, TEXTBOOK, f"{name} {match.element.consensus}", match.p, q, match.first, len(match.element), "+", note)
        for ((head, name), match), q in zip(textbook.items(), q_values, strict=True)
    ]


def _tomtom_rows(found: Sequence[HeadMotif], collection: Collection, config: MotifConfig) -> list[tuple[object, ...]]:
    queries = [one.pwm.shares.T for one in found if one.pwm is not None]
    result = run_tomtom(queries, [motif.shares.T for motif in collection.motifs])
    p, offsets, overlaps, strands = result[0], result[2], result[3], result[4]
    q = benjamini_hochberg(p.ravel()).reshape(p.shape)
    few = len(collection.motifs) < FEW_MATRICES
    note = f"only {len(collection.motifs)} matrices: p and q are rough" if few else ""
    rows: list[tuple[object, ...]] = []
    for query, one in enumerate(found):
        for target in np.argsort(p[query], kind="stable")[: config.max_matches]:
            where = int(offsets[query, target]), int(overlaps[query, target]), "+-"[int(strands[query, target])]
            label = collection.motifs[target].label
            rows.append((one.head, collection.name, label, p[query, target], q[query, target], *where, note))
    return rows


def run_tomtom(queries: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> np.ndarray:
    """Return what memelite's TOMTOM says: p, score, offset, overlap, strand; shape (5, queries, targets).

    Parameters
    ----------
    queries, targets : sequence of ndarray, shape (4, width)
        Shares. Targets are compared on both strands.
    """
    from memelite import tomtom

    log.info(
        "comparing %d motifs with %d matrices (TOMTOM; its first use compiles it, minutes)", len(queries), len(targets)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few targets: the table says so
        return np.asarray(tomtom(list(queries), list(targets), n_jobs=1))
