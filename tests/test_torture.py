"""The torture of `make torture`: cases can be had again by their seed, and packed files are packed again."""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools" / "torture"))

from damage import damaged_bytes

from tracktools.formats.json_file import is_sealed, json_bytes, sealed


@pytest.mark.parametrize("packed", [False, True])
def test_the_same_seed_gives_the_same_damage(packed: bool) -> None:
    data = b"chrA\t1\t2\tx\n" * 30
    data = gzip.compress(data, mtime=0) if packed else data
    first, again, other = (
        [damaged_bytes(data, random.Random(f"{seed} {number}")) for number in range(50)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert sum(changed != data for changed, _ in first) > 40


def test_what_gzip_holds_is_damaged_inside() -> None:
    data = gzip.compress(b"chrA\t1\t2\tx\n" * 30, mtime=0)
    cases = [damaged_bytes(data, random.Random(number)) for number in range(60)]
    inside = [changed for changed, what in cases if what.startswith("in gzip")]
    assert len(inside) > 10
    for changed in inside:
        gzip.decompress(changed)  # with a right checksum


def test_a_value_is_changed_in_a_record_that_stays_whole() -> None:
    data = json_bytes(sealed({"a": [1, {"b": "x"}], "c": 0.5}))
    cases = [damaged_bytes(data, random.Random(number)) for number in range(90)]
    inside = [changed for changed, what in cases if what.startswith("in a record")]
    assert len(inside) > 30
    records = [json.loads(changed) for changed in inside]
    assert all(is_sealed(record) for record in records if "record_sha256" in record)
    assert len({*inside} - {data}) > 15
