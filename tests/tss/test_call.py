from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bed import CALLED_TSS, read_bed, read_bed_head
from tracktools.formats.bigwig import write_bigwig
from tracktools.tss import call
from tracktools.tss.call import call_folder, call_tss

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
    table = call_tss(*args, **options).table
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


def test_errors(tmp_path: Path) -> None:
    plus, minus = pair(tmp_path)
    with pytest.raises(ConfigError, match="threshold is nan"):
        call_tss(plus, minus, float("nan"))
    with pytest.raises(ConfigError, match="no sequence 'c9'"):
        call_tss(plus, minus, 0.5, circular=["c9"])
    (tmp_path / "other").mkdir()
    other, _ = pair(tmp_path / "other", {"c1": 121, "c2": 77})
    with pytest.raises(GenomeMismatchError, match="has 120 bp of c1"):
        call_tss(other, minus, 0.5)
    with pytest.raises(InputError, match="named for both strands"):
        call_tss(plus, plus, 0.5)


def test_the_calls_are_the_same_whatever_the_sign_of_the_minus_file(tmp_path: Path, run) -> None:
    plus, minus = pair(tmp_path)
    expected = called(plus, minus, 0.5)
    _, shown = pair(tmp_path, sign=-1.0)
    assert called(plus, shown, 0.5) == expected
    ran = run("tss", "call", plus, shown, "--threshold", 0.5, "-o", tmp_path / "out")
    assert "(2 on +, 3 on -)" in ran.stdout
    assert "\nRead 9 bases at or above the threshold: 5 taken, 4 left out" in ran.stdout
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())["parameters"]
    assert record["read"]["minus_strand"] == "stored negative, read as positive"
    assert "stored negative" in record["warnings"][0]


def test_a_file_of_both_signs_or_with_an_infinite_value_is_refused(tmp_path: Path) -> None:
    plus, minus = pair(tmp_path)
    with pytest.raises(InputError, match="are the two files exchanged"):
        call_tss(pair(tmp_path, sign=-1.0)[1], plus, 0.5)
    mixed = np.array([0.2, -0.1, 0.3], dtype=np.float32)
    write_bigwig(minus, SIZES, {"c1": mixed})
    with pytest.raises(InputError, match=r"minus\.bw: contains values of both signs, -0\.1 to 0\.3, on the - strand"):
        call_tss(plus, minus, 0.5)
    with pyBigWig.open(str(minus), "w") as file:
        file.addHeader([("c1", 120), ("c2", 77)])
        file.addEntries(["c1"], [5], ends=[6], values=[float("inf")])
    with pytest.raises(InputError, match="infinite value at c1:6"):
        call_tss(plus, minus, 0.5)


def test_one_file_may_lack_a_sequence_and_names_are_given(tmp_path: Path) -> None:
    plus, minus = pair(tmp_path)
    expected = called(plus, minus, 0.5)
    only = np.full(120, np.nan, dtype=np.float32)
    only[[10, 40]] = 0.9
    write_bigwig(plus, {"c1": 120}, {"c1": only})
    found = called(plus, minus, 0.5, renames={"c1": "CP1.1"})
    assert found == [("CP1.1", 10, "+"), ("CP1.1", 40, "+"), ("CP1.1", 62, "-"), *expected[-2:]]


def test_a_strand_without_calls_next_to_thousands_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sizes = {"c": 40_000}
    values = np.zeros(40_000, dtype=np.float32)
    values[::20] = 5
    write_bigwig(tmp_path / "p.bw", sizes, {"c": values})
    write_bigwig(tmp_path / "m.bw", sizes, {"c": values / 10})
    call_folder(tmp_path / "p.bw", tmp_path / "m.bw", 2, tmp_path / "out")
    assert "no call at or above 2 on -, and 2,000 on +" in caplog.text


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("circular", [(), ("all",)])
def test_the_mirror_image_of_a_pair_gives_the_mirror_image_of_its_calls(
    sign: int, circular: tuple[str, ...], tmp_path: Path
) -> None:
    rng = np.random.default_rng(8)
    signals = {strand: rng.permutation(np.arange(1, 501)).astype(np.float32) for strand in "+-"}
    files = tmp_path / "p.bw", tmp_path / "m.bw"
    found = []
    for plus, minus in ((signals["+"], signals["-"]), (signals["-"][::-1], signals["+"][::-1])):
        write_bigwig(files[0], {"c": 500}, {"c": plus})
        write_bigwig(files[1], {"c": 500}, {"c": sign * minus})
        found.append(called(*files, 300, circular=circular))
    turned = sorted((chrom, 499 - start, {"+": "-", "-": "+"}[strand]) for chrom, start, strand in found[1])
    assert found[0] == turned
    assert len(turned) > 50


def test_what_the_prediction_was_warned_of_holds_for_its_calls_too(tmp_path: Path) -> None:
    plus, minus = pair(tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps({"warnings": ["this is another genome"]}))
    call_folder(plus, minus, 0.4, tmp_path / "out")
    assert read_bed_head(tmp_path / "out" / "called.bed") == (CALLED_TSS.columns, ("this is another genome",))
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["warnings"] == ["this is another genome"]
    (tmp_path / "provenance.json").write_text("not ours")
    call_folder(plus, minus, 0.4, tmp_path / "second")
    assert read_bed_head(tmp_path / "second" / "called.bed")[1] == ()


def predicted_folder(tmp_path: Path) -> Path:
    """A folder as predict writes it: one call of three is known, and its sequence is split."""
    folder = tmp_path / "predicted"
    folder.mkdir()
    plus, minus = pair(folder)
    plus.rename(folder / "g.plus.bw")
    minus.rename(folder / "g.minus.bw")
    rows = [
        ("c1", 16, 17, "a", 950, "+", 0.95, 0.5, "train", 0.6, 0.4, 0.8),
        ("c1", 62, 63, "b", 100, "-", 0.1, 0.01, "train", 0.1, 0.0, 0.2),  # another height: not of these files
    ]
    head = "#" + "\t".join(CALLED_TSS.columns) + "\n"
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    (folder / "g.called_tss.bed").write_text(head + text)
    (folder / "g.split.bed").write_text("c1\t0\t41\ttrain\t0\t.\nc1\t41\t120\ttest\t0\t.\n")
    return folder


def test_calls_of_a_prediction_keep_its_calibration_and_split(tmp_path: Path, run) -> None:
    folder = predicted_folder(tmp_path)
    words = ("tss", "call", folder / "g.plus.bw", folder / "g.minus.bw", "--threshold", 0.5)
    out = run(*words, "-o", tmp_path / "out").stdout
    assert "1 of 5 calls have the calibration of g.called_tss.bed" in out
    assert "predict --threshold" in out
    table, _ = read_bed(tmp_path / "out" / "called.bed")
    known = table.set_index(["chrom", "chromStart", "strand"])
    first = known.loc[("c1", 16, "+")]
    assert (first["calibrated"], first["split"], first["expectedPrecision"]) == (0.5, "train", 0.6)
    assert (first["expectedPrecisionLow"], first["expectedPrecisionHigh"]) == (0.4, 0.8)
    assert np.isnan(known.loc[("c1", 62, "-"), "calibrated"])
    assert known["split"].to_dict() == {
        ("c1", 16, "+"): "train", ("c1", 40, "+"): "train", ("c1", 62, "-"): "test",
        ("c2", 0, "-"): "none", ("c2", 76, "-"): "none",
    }  # fmt: skip
    renamed = call_tss(folder / "g.plus.bw", folder / "g.minus.bw", 0.5, renames={"c1": "x"}).table
    assert renamed.loc[renamed["chrom"] == "x", "calibrated"].notna().sum() == 1


def test_calls_of_other_signals_know_nothing(tmp_path: Path) -> None:
    found = call_tss(*pair(tmp_path), 0.5)
    assert found.kept == ""
    assert found.table["calibrated"].isna().all()
    folder = predicted_folder(tmp_path)
    (folder / "g.called_tss.bed").write_text("this is no BED\n")
    assert call_tss(folder / "g.plus.bw", folder / "g.minus.bw", 0.5).kept == ""
