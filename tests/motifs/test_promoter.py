"""The hexamers of the textbook's promoter are found where they are, and among equal ones the usual place wins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tracktools.genome import Contig, Genome
from tracktools.motifs.promoter import MINUS_10, MINUS_35, Element, find_promoters

TSS, LENGTH = 100, 200
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


def starts_of(planted: dict[int, str], element: Element, strand: str) -> int:
    """Offset of the best hit of an element upstream of a TSS, with words planted at offsets from it."""
    letters = bytearray(b"G" * LENGTH)
    for offset, word in planted.items():
        letters[TSS + offset : TSS + offset + len(word)] = word.encode()
    position = TSS
    if strand == "-":
        letters, position = bytearray(bytes(letters).translate(COMPLEMENT)[::-1]), LENGTH - 1 - TSS
    genome = Genome("g", (Contig("chr", np.frombuffer(bytes(letters), dtype=np.uint8)),))
    table = pd.DataFrame({"chrom": ["chr"], "position": [position], "strand": [strand]})
    return int(find_promoters(table, genome).starts[element.name][0])


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("element", [MINUS_10, MINUS_35], ids=lambda e: e.name)
def test_the_hit_nearest_to_the_usual_place_wins_among_equal_ones(element: Element, strand: str) -> None:
    for offset in range(element.first, element.last + 1):
        assert starts_of({offset: element.consensus}, element, strand) == offset
    assert starts_of({}, element, strand) == element.usual, "all places are equal"
    near, far = element.usual + 1, element.first
    if near - far >= len(element):
        assert starts_of({near: element.consensus, far: element.consensus}, element, strand) == near


def test_more_letters_win_over_a_usual_place() -> None:
    almost = "TATAAG"
    assert starts_of({MINUS_10.usual: almost, MINUS_10.first: MINUS_10.consensus}, MINUS_10, "+") == MINUS_10.first
