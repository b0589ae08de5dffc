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
from table import Table, print_tables

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


def test_the_table_of_trials_is_kept_after_each_and_adds_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (1, 2):
        table = Table(tmp_path / f"{seed}.json", seed)
        table.add("predict", "SIGKILL", None)
        table.add("merge", "SIGTERM", "a traceback" if seed == 2 else None)
        kept = json.loads(table.path.read_text()) if table.path else {}
        assert kept["counts"] == [["predict", "SIGKILL", 1], ["merge", "SIGTERM", 1]]
    print_tables([tmp_path / "1.json", tmp_path / "2.json"], ["SIGKILL", "SIGTERM"])
    rows = capsys.readouterr().out.splitlines()
    assert rows[-3:] == ["| predict | 2 | 0 | 0 |", "| merge | 0 | 2 | 1 |", "| all | 2 | 2 | 1 |"]
