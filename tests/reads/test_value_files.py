"""Signals that come as values, one strand a file: bigWig, bedGraph, wiggle."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
import pytest
from click.testing import CliRunner

from bam_files import record, write_bam
from tracktools import cli
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader, write_bigwig
from tracktools.reads import ValueSignal

SIZES = {"c1": 40, "c2": 30}


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli.tracktools, [str(argument) for argument in arguments])


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(
        "".join(f">{name}\n{'ACGT' * (size // 2)}"[: size + len(name) + 2] + "\n" for name, size in SIZES.items())
    )
    return path


def text(path: Path, lines: str) -> Path:
    path.write_text("".join(f"{line.strip()}\n" for line in lines.split(";")))
    return path


def values_of(path: Path) -> dict[str, dict[int, float]]:
    with BigWigReader(path) as reader:
        arrays = {chrom: reader.values(chrom, 0, size) for chrom, size in reader.chrom_sizes.items()}
    return {c: {int(i): float(a[i]) for i in np.flatnonzero(~np.isnan(a))} for c, a in arrays.items()}


WIGGLE = {
    "variableStep": "track type=wiggle_0; variableStep chrom=c1 span=2; 11 3.5; 14 4; variableStep chrom=c2; 1 7",
    "fixedStep": "fixedStep chrom=c1 start=11 step=3 span=2; 3.5; 4; fixedStep chrom=c2 start=1; 7",
    "bedGraph": "track type=bedGraph; c1 10 12 3.5; c1 13 15 4; c2 0 1 7",
    "both": "fixedStep chrom=c1 start=11 step=3 span=2; 3.5; 4; c2 0 1 7",
}


@pytest.mark.parametrize("format_", [*WIGGLE, "bigWig"])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_signal_in_every_format_is_one_signal(tmp_path: Path, genome: Path, format_: str, sign: int) -> None:
    expected = {"c1": {10: 3.5, 11: 3.5, 13: 4.0, 14: 4.0}, "c2": {0: 7.0}}
    minus = tmp_path / "minus.bam"  # a name says nothing
    if format_ == "bigWig":
        arrays = {c: np.array([sign * v.get(i, np.nan) for i in range(SIZES[c])]) for c, v in expected.items()}
        write_bigwig(minus, SIZES, arrays)
    else:
        signed = WIGGLE[format_].replace(" 3.5", f" {3.5 * sign}").replace(" 4", f" {4 * sign}")
        text(minus, signed.replace(" 7", f" {7 * sign}"))
    plus = tmp_path / "plus.txt"
    plus.write_bytes(gzip.compress(b"fixedStep chrom=c1 start=1\n1\n"))
    out = tmp_path / "out"
    done = run("reads", "--plus", plus, "--minus", minus, "--genome", genome, "--name", "x", "-o", out)
    assert done.exit_code == 0, done.output
    assert values_of(out / "x.minus.bw") == expected
    assert values_of(out / "x.plus.bw") == {"c1": {0: 1.0}, "c2": {}}
    warnings = json.loads((out / "provenance.json").read_text())["warnings"]
    assert [("stored negative" in warning) for warning in warnings] == ([True] if sign < 0 else [])
    assert "Read 6 values: 6 taken, 0 left out" in done.stderr


@pytest.mark.parametrize(
    ("lines", "line", "part"),
    [
        ("variableStep chrom=c1; 0 3", 2, "the position is 0 (wiggle counts from 1)"),
        ("variableStep chrom=c1; 3", 2, "'3' is not position and value, as below variableStep"),
        ("variableStep chrom=c1; 3 x", 2, "'3 x' is not position and value"),
        ("fixedStep chrom=c1 start=3; 3 4", 2, "'3 4' is not value, as below fixedStep"),
        ("fixedStep chrom=c1; 3", 1, "fixedStep has no start= (write fixedStep chrom=NAME start=1 step=1 span=1)"),
        ("variableStep span=2; 3 4", 1, "variableStep has no chrom="),
        ("variableStep chrom=c1 span=0; 3 4", 1, "'span=0' is not a whole number above 0"),
        ("variableStep chrom=c1 step=2; 3 4", 1, "'step=2' is not a setting of variableStep"),
        ("variableStep chrom=c1 span=2; 3 4; 4 5", 3, "c1:3-5 overlaps line 2"),
        ("variableStep chrom=c1; 3 inf", 2, "the value is inf"),
        ("c1 3 4", 1, "bedtools genomecov writes it with -bga"),
    ],
)
def test_a_wrong_line_of_wiggle_is_named(tmp_path: Path, lines: str, line: int, part: str) -> None:
    wrong, right = text(tmp_path / "a.wig", lines), text(tmp_path / "b.wig", "c1 0 1 2")
    with pytest.raises(InputError) as caught:
        ValueSignal([wrong], [right], chrom_sizes=SIZES)
    assert str(caught.value).startswith(f"{wrong}:{line}: ")
    assert part in str(caught.value)


def test_bedgraph_as_r_and_pandas_write_it(tmp_path: Path) -> None:
    sizes = {"c1": 2_000_000}
    lines = 'chrom start end value; "c1" 1e+05 100002 3; c1 1.5e+06 1500001 4'
    table = text(tmp_path / "table.txt", lines)
    source = ValueSignal([table], [text(tmp_path / "m.wig", 'variableStep chrom="c1"; 1e+06 5')], chrom_sizes=sizes)
    found: dict[str, dict[int, float]] = {"+": {}, "-": {}}
    for _, start, values in source.windows():
        for strand, part in zip("+-", values, strict=True):
            found[strand] |= {start + int(i): float(part[i]) for i in np.flatnonzero(~np.isnan(part))}
    assert found == {"+": {100_000: 3.0, 100_001: 3.0, 1_500_000: 4.0}, "-": {999_999: 5.0}}
    half = text(tmp_path / "half.bg", "c1 1.5e+00 3 1")
    with pytest.raises(InputError, match=r"half\.bg:1: '1\.5e\+00 3 1' are not start, end and value"):
        ValueSignal([half], [table], chrom_sizes=sizes)


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("c1 35 45 1", "a row ends at 45 on c1, which has 40 bp"),
        ("variableStep chrom=c1 span=10; 35 1", "a row ends at 44 on c1, which has 40 bp"),
        ("c1 0 5 1; c1 4 9 1", "c1:4-9 overlaps line 1"),
        ("c1 0 5 NA", "the value is NA (leave out lines without a value)"),
        ("c1 0 5 a 3 +", "is it BED?"),
        ("c1,0,5,1", "with tabs or spaces between"),
    ],
)
def test_a_table_that_is_no_signal_says_why(tmp_path: Path, lines: str, part: str) -> None:
    wrong, right = text(tmp_path / "a.bg", lines), text(tmp_path / "b.bg", "c1 0 1 2")
    with pytest.raises(InputError) as caught:
        ValueSignal([wrong], [right], chrom_sizes=SIZES)
    assert part in str(caught.value)


def test_a_replicate_named_twice_is_refused(tmp_path: Path) -> None:
    one, other = (text(tmp_path / f"{n}.bg", "c1 0 1 2") for n in (1, 2))
    with pytest.raises(ConfigError, match=r"1\.bg is named 2 times, and would be counted as often"):
        ValueSignal([one, tmp_path / "." / "1.bg"], [other, other], chrom_sizes=SIZES)


def bigwig(path: Path, sizes: dict[str, int], chrom: str, values: list[float]) -> Path:
    """Write with another library, which takes infinite values."""
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(sizes.items()))
        file.addEntries(chrom, list(range(len(values))), values=values, span=1)
    return path


def test_bigwigs_alone_tell_the_lengths_of_the_sequences(tmp_path: Path) -> None:
    plus, minus = (bigwig(tmp_path / f"{n}.bw", SIZES, "c2", [n, n]) for n in (1.0, -2.0))
    out = tmp_path / "out"
    done = run("reads", "--plus", plus, "--minus", minus, "--name", "x", "--rename", "c2=contig_2", "-o", out)
    assert done.exit_code == 0, done.output
    assert values_of(out / "x.minus.bw") == {"c1": {}, "contig_2": {0: 2.0, 1: 2.0}}
    other = bigwig(tmp_path / "other.bw", {"c1": 41}, "c1", [1.0])
    with pytest.raises(GenomeMismatchError, match="has c1 with 41 bp, another file with 40"):
        ValueSignal([plus], [other])
    with pytest.raises(ConfigError, match=r"does not tell how long the sequences are \(name the genome with --genome"):
        ValueSignal([plus], [text(tmp_path / "a.bg", "c1 0 1 2")])


def test_a_bigwig_of_another_assembly_is_refused(tmp_path: Path) -> None:
    plus, minus = (bigwig(tmp_path / f"{n}.bw", {"c1": 41}, "c1", [n]) for n in (1.0, 2.0))
    with pytest.raises(GenomeMismatchError, match="has c1 with 41 bp; c1 of the genome has 40"):
        ValueSignal([plus], [minus], chrom_sizes=SIZES)


def test_an_infinite_value_is_one_line_and_nan_is_no_value(tmp_path: Path, genome: Path) -> None:
    plus = bigwig(tmp_path / "plus.bw", SIZES, "c1", [1.0, float("nan"), 2.0])
    minus = bigwig(tmp_path / "minus.bw", SIZES, "c1", [1.0, float("inf")])
    fine = text(tmp_path / "fine.bg", "c1 0 1 2")
    out = tmp_path / "out"
    done = run("reads", "--plus", plus, "--minus", minus, "--genome", genome, "--name", "x", "-o", out)
    assert str(done.exception) == f"{minus}: contains an infinite value at c1:2 (make the file again)"
    assert not out.exists()
    done = run("reads", "--plus", plus, "--minus", fine, "--genome", genome, "--name", "x", "-o", out)
    assert values_of(out / "x.plus.bw")["c1"] == {0: 1.0, 2: 2.0}


def test_a_strand_that_gives_nothing_is_a_warning_in_the_file(tmp_path: Path) -> None:
    plus = bigwig(tmp_path / "plus.bw", {"c": 5000}, "c", [1.0] * 2000)
    minus = bigwig(tmp_path / "minus.bw", {"c": 5000}, "c", [0.0] * 2000)
    done = run("reads", "--plus", plus, "--minus", minus, "--name", "x", "-o", tmp_path / "out")
    (warning,) = json.loads((tmp_path / "out" / "provenance.json").read_text())["warnings"]
    assert "no value above 0 on the - strand, and 2,000 on the other" in warning
    assert warning in done.stderr


@pytest.mark.parametrize("format_", ["bedGraph", "bigWig"])
def test_values_on_other_sequences_are_left_out_and_counted(tmp_path: Path, genome: Path, format_: str) -> None:
    paths = []
    for n in (1, 2):
        path = tmp_path / f"{n}.file"
        if format_ == "bedGraph":
            text(path, f"c1 3 5 {n}; phiX 10 17 9")
        else:
            write_bigwig(path, SIZES | {"phiX": 99}, {"c1": np.full(2, n), "phiX": np.full(7, 9.0)})
        paths.append(path)
    options = ["--plus", paths[0], "--minus", paths[1], "--genome", genome, "--name", "x", "-o", tmp_path / "out"]
    refused = str(run("reads", *options).exception)
    assert "is on phiX, which the genome does not have" in refused
    assert "--rename phiX=" in refused
    assert "--only-genome" in refused
    done = run("reads", *options, "--only-genome")
    assert "Read 18 values: 4 taken, 14 left out (14 on sequences that the genome lacks)" in done.stderr
    assert set(values_of(tmp_path / "out" / "x.plus.bw")) == set(SIZES)


VALUES = "is a file of values, not of reads"


def test_reads_among_the_values_and_values_among_the_reads_are_told_apart(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "reads.bw", [record(0, 10)])
    plus, wig = bigwig(tmp_path / "a.bam", SIZES, "c1", [1.0]), text(tmp_path / "b.bam", WIGGLE["fixedStep"])
    end = ["--name", "x", "-o", tmp_path / "out"]
    done = run("reads", "--plus", plus, "--minus", bam, *end)
    assert str(done.exception).startswith(f"{bam}: contains aligned reads of both strands")
    graph = text(tmp_path / "c.bam", "# a comment; c1 0 5 -2.5")
    for path, kind in ((plus, "is a bigWig file"), (wig, VALUES), (graph, VALUES)):
        done = run("reads", path, *end)
        assert str(done.exception) == f"{path}: {kind} (name the file of each strand: --plus FILE --minus FILE)"


def test_a_public_pair_whose_minus_strand_is_stored_negative(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "multispecies"
    stem = "Streptococcus_pneumoniae_D39V"
    pair = [folder / "tss" / f"{stem}.5prime.{strand}.bw" for strand in ("plus", "minus")]
    options = ["--genome", folder / "genomes" / f"{stem}.fa.gz", "--name", "x", "-o", tmp_path / "out"]
    genes = ["--annotation", folder / "annotation" / f"{stem}.coding_features.gff.gz"]
    refused = run("reads", "--plus", pair[0], "--minus", pair[1], *options)
    assert "say --rename D39V=CP027540.1" in str(refused.exception)
    options += ["--rename", "D39V=CP027540.1"]
    done = run("reads", "--plus", pair[0], "--minus", pair[1], *options, *genes)
    assert done.exit_code == 0, done.output
    assert f"{pair[1]}: the minus strand is stored negative; its values are read as positive" in done.stderr
    assert float(done.stderr.split(" % of the signal inside genes")[0].split()[-1]) > 95
    with pyBigWig.open(str(pair[1])) as stored, BigWigReader(tmp_path / "out" / "x.minus.bw") as written:
        size = written.chrom_sizes["CP027540.1"]
        np.testing.assert_array_equal(
            written.values("CP027540.1", 0, size), np.abs(stored.values("D39V", 0, size, numpy=True))
        )
    exchanged = run("reads", "--plus", pair[1], "--minus", pair[0], *options, "--force")
    assert "as the plus strand (are the two files exchanged?" in str(exchanged.exception)
