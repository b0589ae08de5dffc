from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bed import CALLED_TSS, read_bed
from tracktools.formats.bigwig import write_bigwig
from tracktools.tss import call
from tracktools.tss.call import call_from_bigwigs

SIZES = {"c1": 120, "c2": 77}


def pair(folder: Path, sizes: dict[str, int] = SIZES, sign: float = 1.0) -> tuple[Path, Path]:
    plus = {name: np.full(size, np.nan, dtype=np.float32) for name, size in sizes.items()}
    minus = {name: np.zeros(size, dtype=np.float32) for name, size in sizes.items()}
    plus["c1"][10:13] = (0.2, 0.9, 0.9)
    plus["c1"][16] = 0.95  # 5 from the plateau: takes its place
    plus["c1"][40] = 0.5
    minus["c1"][60:63] = 0.7 * sign
    minus["c2"][0] = 0.6 * sign
    minus["c2"][76] = 0.8 * sign
    files = folder / "plus.bw", folder / "minus.bw"
    for path, arrays in zip(files, (plus, minus), strict=True):
        write_bigwig(path, sizes, arrays)
    return files


def called(*args, **options) -> list[tuple[str, int, str]]:
    table = call_from_bigwigs(*args, **options)
    return sorted(zip(table["chrom"], table["chromStart"].tolist(), table["strand"], strict=True))


@pytest.mark.parametrize("piece", [7, 1 << 22])
def test_calls_are_those_of_the_caller_however_the_file_is_read(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "_PIECE_BP", piece)
    expected = [("c1", 16, "+"), ("c1", 40, "+"), ("c1", 62, "-"), ("c2", 0, "-"), ("c2", 76, "-")]
    assert called(*pair(tmp_path), 0.5) == expected
    assert called(*pair(tmp_path), 0.51) == [base for base in expected if base != ("c1", 40, "+")]
    assert called(*pair(tmp_path), 0.5, min_distance_bp=5) == [("c1", 11, "+"), *expected]


def test_a_circle_closes(tmp_path: Path) -> None:
    assert ("c2", 0, "-") not in called(*pair(tmp_path), 0.5, circular=["c2"])
    assert ("c2", 0, "-") not in called(*pair(tmp_path), 0.5, circular=["all"])


def test_the_command_writes_a_set_that_others_take(tmp_path: Path, run) -> None:
    plus, minus = pair(tmp_path)
    out = run("tss", "call", plus, minus, "--threshold", 0.5, "-o", tmp_path / "out").stdout
    assert "5 TSS at or above 0.5 (2 on +, 3 on -)" in out
    table, schema = read_bed(tmp_path / "out" / "called.bed")
    assert schema == CALLED_TSS
    best = table.sort_values("score")["name"].iloc[-1]
    assert best == "called_c1_17_f"
    again = run("tss", "curate", "--source", f"called={tmp_path / 'out' / 'called.bed'}", "--min-support", 1)
    assert again.exit_code == 2  # no --output
    out = tmp_path / "curated"
    run("tss", "curate", "--source", f"called={tmp_path / 'out' / 'called.bed'}", "--min-support", 1, "-o", out)
    assert len(read_bed(out / "curated.bed")[0]) == 5


def test_faults(tmp_path: Path) -> None:
    plus, minus = pair(tmp_path)
    with pytest.raises(ConfigError, match="threshold is nan"):
        call_from_bigwigs(plus, minus, float("nan"))
    with pytest.raises(ConfigError, match="no sequence 'c9'"):
        call_from_bigwigs(plus, minus, 0.5, circular=["c9"])
    (tmp_path / "other").mkdir()
    other, _ = pair(tmp_path / "other", {"c1": 121, "c2": 77})
    with pytest.raises(GenomeMismatchError, match="other sequences"):
        call_from_bigwigs(other, minus, 0.5)
    (tmp_path / "shown").mkdir()
    _, shown = pair(tmp_path / "shown", sign=-1.0)
    with pytest.raises(InputError, match="negative values only"):
        call_from_bigwigs(shown, shown, 0.5)
