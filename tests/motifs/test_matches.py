"""Motifs against collections: what memelite's TOMTOM says is checked against cases whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracktools.config import MotifConfig
from tracktools.formats.motif_files import MotifMatrix, write_meme
from tracktools.motifs.discover import Enrichment, HeadMotif
from tracktools.motifs.matches import TEXTBOOK, match_table, read_collections, run_tomtom, textbook_matches
from tracktools.motifs.matrix import count_letters

EVEN = np.full(4, 0.25)


def head_with(word: str, head: str = "L1H1", n: int = 80) -> HeadMotif:
    """A head whose sites all hold a word, its third letter on the attended base."""
    generator = np.random.default_rng(1)
    codes = generator.choice(4, size=(n, 31)).astype(np.uint8)
    codes[:, 13 : 13 + len(word)] = ["ACGT".index(base) for base in word]
    window = count_letters(codes, EVEN, 1.0, -15)
    return HeadMotif(head, (-12,), n, window, window.core(0.3), Enrichment(40, 40, 1, 999, 1e-30, 1e-30), "")


def random_matrices(n: int, seed: int) -> list[np.ndarray]:
    """Matrices as collections hold them, shape (4, width)."""
    generator = np.random.default_rng(seed)
    return [generator.dirichlet([0.3] * 4, size=generator.integers(6, 15)).T for _ in range(n)]


def test_without_a_collection_the_textbook_is_all(tmp_path: Path) -> None:
    motifs = [head_with("TATAAT"), head_with("GCGCGCTT", "L1H2")]
    table = match_table(motifs, [], textbook_matches(motifs), MotifConfig())
    assert set(table["collection"]) == {TEXTBOOK}
    assert list(table["head"]) == ["L1H1", "L1H1", "L1H2", "L1H2"]
    best = table.iloc[0]
    assert (best["motif"], best["p"], best["offset"]) == ("-10 TATAAT", 1 / 4096, -2)
    assert table.iloc[2]["p"] > 0.1


def test_no_motif_gives_an_empty_table_with_its_columns() -> None:
    none = HeadMotif("L1H1", (), 0, None, None, None, "no attended positions were recorded")
    table = match_table([none], [], textbook_matches([none]), MotifConfig())
    assert table.empty
    assert "collection" in table


@pytest.mark.slow  # memelite is compiled at its first use
def test_tomtom_knows_part_and_reverse_complement_of_a_target() -> None:
    targets = random_matrices(40, seed=2)
    wide = max(range(40), key=lambda number: targets[number].shape[1])
    part, turned = targets[wide][:, 3:10], targets[5][::-1, ::-1]
    p, _, offset, overlap, strand = run_tomtom([part.copy(), turned.copy()], targets)
    assert (int(p[0].argmin()), int(offset[0, wide]), int(overlap[0, wide]), int(strand[0, wide])) == (wide, 3, 7, 0)
    assert (int(p[1].argmin()), int(strand[1, 5]), int(overlap[1, 5])) == (5, 1, targets[5].shape[1])


@pytest.mark.slow
def test_p_values_of_unrelated_matrices_are_spread_out() -> None:
    targets = random_matrices(60, seed=3)
    p = run_tomtom(random_matrices(30, seed=4), targets)[0]
    assert 0.02 < (p <= 0.05).mean() < 0.09
    assert 0.3 < (p <= 0.5).mean() < 0.75
    short = run_tomtom([np.eye(4)[:, [3, 0, 3, 0]] * 0.9 + 0.025], targets)[0]
    assert short.min() > 1e-6, "four columns are little evidence"


@pytest.mark.slow
def test_a_head_is_matched_to_its_factor_and_a_small_collection_is_called_rough(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    names = ["<b>Crp & co</b>", *(f"other{number}" for number in range(11))]
    own = np.full((8, 4), 0.02)
    own[np.arange(8), ["ACGT".index(base) for base in "TGTGATCT"]] = 0.94
    matrices = [own, *(generator.dirichlet([0.3] * 4, size=9) for _ in range(11))]
    path = tmp_path / "small.meme"
    write_meme(path, [MotifMatrix(name, "", shares) for name, shares in zip(names, matrices, strict=True)], EVEN)
    collections = read_collections([path, path])
    assert [one.name for one in collections] == ["small", "small 2"]
    motifs = [head_with("TGTGATCT")]
    table = match_table(motifs, collections[:1], textbook_matches(motifs), MotifConfig(max_matches=3))
    rows = table[table["collection"] == "small"]
    assert len(rows) == 3
    best = rows.iloc[0]
    assert (best["motif"], best["offset"], best["overlap"], best["strand"]) == ("<b>Crp_&_co</b>", 0, 8, "+")
    assert best["q"] < 0.01
    assert rows["note"].str.contains("only 12 matrices").all()


@pytest.mark.slow
def test_real_collections_know_the_site_of_crp(data_dir: Path) -> None:
    motifs = [head_with("TGTGATCTAGATCACA")]
    collections = read_collections(sorted((data_dir / "motifs").glob("*.tf")))
    table = match_table(motifs, collections, textbook_matches(motifs), MotifConfig())
    best = table[table["collection"] != TEXTBOOK].groupby("collection").first()
    assert best.loc["REGULONDB__regulonDB_2025-05", "motif"] == "CRP"
    assert (best["q"].astype(float) < 0.001).all()
