"""What a genome as a whole looks like, in numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tracktools.descriptor import DINUCLEOTIDES, Descriptor, Reference, Specialists, describe_sequences
from tracktools.errors import ConfigError


def random_letters(length: int, gc: float, seed: int = 1) -> np.ndarray:
    """Return letters drawn one by one."""
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return np.random.default_rng(seed).choice(4, length, p=shares).astype(np.uint8)


def test_letters_drawn_one_by_one_have_no_dinucleotide_in_excess() -> None:
    found = describe_sequences([random_letters(400_000, 0.4)])
    assert found.gc == 0.4
    assert np.abs(found.dinucleotides).max() <= 0.02


def test_an_avoided_dinucleotide_is_found_by_hand() -> None:
    codes = np.array(
        [0, 1, 2, 3] * 500 + [0], dtype=np.uint8
    )  # ACGTACGT...: AC, CG, GT and TA, a quarter of pairs each
    found = dict(zip(DINUCLEOTIDES, describe_sequences([codes]).dinucleotides, strict=True))
    # both strands have AC/GT, CG and TA, in shares 1/4 (AC), 1/4 (GT), 1/4, 1/4 of pairs; by chance 1/16
    for name in ("AC", "CG", "TA"):
        assert found[name] == pytest.approx(np.log(4), abs=0.011)
    for name in ("AA", "AG", "AT", "CA", "CC", "GA", "GC"):
        assert found[name] == -2.0  # absent: no less than this


def test_strand_order_and_parts_do_not_matter() -> None:
    one, two = random_letters(30_000, 0.3, 1), random_letters(50_000, 0.7, 2)
    found = describe_sequences([one, two])
    assert found == describe_sequences([two, 3 - one[::-1]])
    assert found.bp == 30_000 + 50_000 - 2


def test_unknown_letters_are_left_out() -> None:
    codes = random_letters(200_000, 0.5)
    masked = codes.copy()
    masked[::10] = 4
    assert np.allclose(describe_sequences([masked]).values, describe_sequences([codes]).values, atol=0.041)


def test_a_part_border_loses_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = random_letters(5_000, 0.4)
    whole = describe_sequences([codes])
    monkeypatch.setattr("tracktools.descriptor._PART_BP", 7)
    assert describe_sequences([codes]) == whole
    assert describe_sequences([codes]).bp == whole.bp


@pytest.mark.parametrize("codes", [[], [4] * 5_000, [0, 1, 4] * 200])
def test_too_little_is_refused(codes: list[int]) -> None:
    with pytest.raises(ConfigError, match="too few to describe"):
        describe_sequences([np.array(codes, dtype=np.uint8)])


def test_records_come_back() -> None:
    found = describe_sequences([random_letters(5_000, 0.4)])
    assert Descriptor.from_record(found.to_record()) == found


def reference(far: float = 1.0) -> Reference:
    """Return three genomes that differ in GC and in one dinucleotide."""
    rows = [(name, "phylum", (gc, *([value] + [0.0] * 9))) for name, gc, value in
            (("low", 0.3, 0.2), ("middle", 0.5, 0.0), ("high", 0.7, -0.2))]  # fmt: skip
    return Reference(tuple(rows), far)


def test_a_training_genome_is_its_own_nearest() -> None:
    known = reference()
    for name, _, values in known.genomes:
        distance, nearest, _ = known.distances(Descriptor(values[0], values[1:]))[0]
        assert (distance, nearest) == (0, name)
    assert Reference.from_record(known.to_record()) == known


def test_far_from_all_the_network_is_told_the_gc_content_alone() -> None:
    known = reference(far=0.5)
    near, far = Descriptor(0.5, (0.01, *[0.0] * 9)), Descriptor(0.5, (1.0, *[0.0] * 9))
    told = known.features(near)
    assert told[1] == 1
    assert told[2] != 0
    told = known.features(far)
    assert told[1] == 0
    assert not told[2:].any()
    assert told[0] == known.features(near)[0]


def test_specialists_serve_their_genome_and_its_like() -> None:
    known = replace(reference(), specialists=Specialists("middle", 0.3, (0, 2), (0, 1)))
    assert Reference.from_record(json.loads(json.dumps(known.to_record()))) == known
    assert known.members(Descriptor(0.5, (0.0,) * 10)) == (0, 2)
    assert known.members(Descriptor(0.51, (0.02, *[0.0] * 9))) == (0, 2)
    assert known.members(Descriptor(0.7, (-0.2, *[0.0] * 9))) == (0, 1)
    assert reference().members(Descriptor(0.5, (0.0,) * 10)) is None


def test_nothing_beyond_the_range_seen_is_told() -> None:
    known = reference()
    most = known.features(Descriptor(0.95, (2.0, *[0.0] * 9)), told=1)
    assert most[0] == known.features(Descriptor(0.7, (0.2, *[0.0] * 9)), told=1)[0]
    assert most[2] == known.features(Descriptor(0.3, (0.2, *[0.0] * 9)), told=1)[2]
