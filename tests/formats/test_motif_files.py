"""Motif files of others, as they come."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tracktools.errors import InputError
from tracktools.formats.motif_files import MotifMatrix, read_motifs, write_meme

TRANSFAC = """AC  MX1
XX
ID  odd <b>name</b> & "co"
P0  T C G A
01  0 0 0 4 A
02  1 1 1 1 N
XX
CC  ac: MexR
//
VV  a comment record
//
PO  A C G T
1 0.5 0.0 0.0 0.5
2 0 0 0 0
"""
MEME = """MEME version 4.12

ALPHABET= ACGT
strands: + -

MOTIF first one with many words
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1e-3
 0.1 0.2 0.3 0.4
 1 0 0 0

URL http://example.org
MOTIF first
letter-probability matrix: alength= 4
\t5\t0\t0\t5
\t0\t10\t0\t0"""


def written(tmp_path: Path, text: str, name: str = "m.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_transfac_of_any_order_names_and_line_ends(tmp_path: Path, end: str) -> None:
    first, second = read_motifs(written(tmp_path, TRANSFAC.replace("\n", end)))
    assert (first.name, first.alternate, first.n_sites) == ("MX1", 'odd <b>name</b> & "co"', 4)
    np.testing.assert_allclose(first.shares, [[1, 0, 0, 0], [0.25] * 4])
    assert (second.name, second.n_sites) == ("matrix_2", 0)
    np.testing.assert_allclose(second.shares, [[0.5, 0, 0, 0.5], [0.25] * 4])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_meme_with_odd_names_missing_fields_and_no_last_line_end(tmp_path: Path, end: str) -> None:
    first, second = read_motifs(written(tmp_path, MEME.replace("\n", end)))
    assert (first.name, first.alternate, first.n_sites) == ("first", "one with many words", 20)
    np.testing.assert_allclose(first.shares, [[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]])
    assert (second.name, second.n_sites) == ("first_2", 10), "a name that comes again gets a number"
    np.testing.assert_allclose(second.shares, [[0.5, 0, 0, 0.5], [0, 1, 0, 0]])


def test_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.tf.gz"
    path.write_bytes(gzip.compress(TRANSFAC.encode()))
    assert len(read_motifs(path)) == 2


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", None, "no motif file"),
        ("hello\n", None, "no motif file"),
        ("MEME version 4\n", None, "contains no matrix"),
        ("AC  a\nP0  A C G T\n1  1 x 1 1\n//\n", 3, "no row"),
        ("AC  a\nP0  A C G T\n1  1 1 1\n//\n", 3, "no row"),
        ("AC  a\nP0  A C G T\n//\n", 2, "has no rows"),
        ("AC  a\nP0  A C G X\n1 1 1 1 1\n//\n", 2, "letters"),
        ("AC  a\nP0  A C G T\n1  1 -1 1 1\n//\n", 2, "negative"),
        (MEME.replace("w= 2", "w= 3"), 10, "2 rows, not w= 3"),
        (MEME.replace("1 0 0 0", "1 0 0"), 9, "without four numbers"),
        (MEME.replace("1 0 0 0", "1 0 0 nan"), 9, "negative or none"),
        (MEME.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), 3, "alphabet"),
    ],
)
def test_what_is_no_motif_file_is_one_line(tmp_path: Path, text: str, line: int | None, word: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=word) as caught:
        read_motifs(path)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_motifs(tmp_path / "none.meme")


@pytest.mark.parametrize(
    ("name", "count"), [("REGULONDB__regulonDB_2025-05.tf", 109), ("prodoric_from_meme_151016.tf", 201)]
)
def test_real_collections_are_read_whole(data_dir: Path, name: str, count: int) -> None:
    path = data_dir / "motifs" / name
    motifs = read_motifs(path)
    assert len(motifs) == len({motif.name for motif in motifs}) == count
    rows = sum(line[:1].isdigit() for line in path.read_text().splitlines())
    assert sum(map(len, motifs)) == rows, "no row of any matrix is lost"
    assert all(np.allclose(motif.shares.sum(axis=1), 1) for motif in motifs)
    named = {motif.name: motif for motif in motifs}
    if count == 201:
        assert named["MX000001"].alternate == "MexR"
    else:
        np.testing.assert_allclose(named["Ada"].shares[0], [0.25, 0.5, 0.25, 0.0])


def independent_reading(path: Path) -> dict[str, list[list[float]]]:
    """MEME minimal read by its definition alone: name, alength, w, then w rows of alength numbers."""
    tokens = path.read_text().split()
    motifs = {}
    for at, token in enumerate(tokens):
        if token == "MOTIF":
            start = tokens.index("letter-probability", at)
            alength, width = int(tokens[start + 3]), int(tokens[start + 5])
            assert tokens[start + 6] == "nsites="
            numbers = [float(word) for word in tokens[start + 10 : start + 10 + alength * width]]
            motifs[tokens[at + 1]] = [numbers[row * alength :][:alength] for row in range(width)]
    return motifs


def test_meme_is_read_back_by_memelite_and_by_its_definition(tmp_path: Path) -> None:
    from memelite.io import read_meme

    generator = np.random.default_rng(3)
    motifs = [
        MotifMatrix(f"L{n} H{n}", "W" * n, generator.dirichlet([0.4] * 4, size=5 + n), 100.0 + n) for n in (1, 2, 3)
    ]
    path = tmp_path / "motifs.meme"
    write_meme(path, motifs, np.array([0.3, 0.2, 0.2, 0.3]), [1e-9, 0.5, 0.0])
    by_memelite, by_definition, ours = read_meme(str(path)), independent_reading(path), read_motifs(path)
    assert list(by_definition) == ["L1_H1", "L2_H2", "L3_H3"]
    assert len(by_memelite) == 3, "the last one included"
    for motif, own, theirs, read in zip(motifs, by_definition.values(), by_memelite.values(), ours, strict=True):
        np.testing.assert_allclose(own, motif.shares, atol=1e-6)
        np.testing.assert_allclose(theirs.T, motif.shares, atol=1e-6)
        np.testing.assert_allclose(read.shares, motif.shares, atol=3e-6)
        assert read.n_sites == motif.n_sites
