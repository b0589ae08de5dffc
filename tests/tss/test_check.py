from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from tracktools.genome import Contig, Genome
from tracktools.tss.assemblies import load_chain
from tracktools.tss.check import check_positions
from tracktools.tss.lift import lift_tss

Bases = set[tuple[int, str]]
Run = Callable[..., Result]
SOURCES = ("cappable", "sendseq", "smrt", "regulondb")
FLIPPED = {"+": "-", "-": "+"}


def write(path: Path, bases: Bases, chrom: str = "NC_000913.3") -> Path:
    path.write_text("".join(f"{chrom}\t{start}\t{start + 1}\tx\t0\t{strand}\n" for start, strand in sorted(bases)))
    return path


def bases_of(table: pd.DataFrame) -> Bases:
    return set(zip(table["chromStart"].tolist(), table["strand"], strict=True))


def read_bed_bases(path: Path) -> Bases:
    rows = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {(int(row[1]), row[5]) for row in rows}


def import_with_hint(run: Run, bed: Path, folder: Path) -> tuple[str, str, Bases]:
    """Import a BED file, run the command line that the check proposes, and return verdict, hint, fixed bases."""
    output = run("tss", "import", bed, "-o", folder / "in", "--name", "set").stdout
    lines = dict(line.split(": ", 1) for line in output.splitlines())
    words = shlex.split(lines["hint"])
    assert words[0] == "tracktools"
    fixed = run(*words[1:])
    assert fixed.exit_code == 0, fixed.output
    (out,) = (Path(words[words.index("-o") + 1]).glob("set.bed"),)
    return lines["check"], lines["hint"], read_bed_bases(next(out))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("plus", "minus"), [(1, 1), (-1, 0), (-1, 2)])
def test_a_shifted_set_is_caught_and_fixed(
    source: str, plus: int, minus: int, real_sets: dict[str, pd.DataFrame], tmp_path: Path, run: Run
) -> None:
    right = bases_of(real_sets[source])
    shifted = {(start + (plus if strand == "+" else minus), strand) for start, strand in right}
    shifted = {(start, strand) for start, strand in shifted if 0 <= start < 4641652}
    verdict, hint, fixed = import_with_hint(run, write(tmp_path / "shifted.bed", shifted), tmp_path)
    assert verdict.startswith("OFF BY")
    assert all(f"{-shift:+d} on {strand}" in verdict for strand, shift in (("+", plus), ("-", minus)) if shift)
    assert f"--shift-plus {-plus}" in hint or plus == 0
    assert fixed <= right
    assert len(fixed) >= len(right) - 2  # one shifted off an end is gone


@pytest.mark.parametrize("source", SOURCES)
def test_exchanged_strands_are_caught_and_fixed(
    source: str, real_sets: dict[str, pd.DataFrame], tmp_path: Path, run: Run
) -> None:
    right = bases_of(real_sets[source])
    bed = write(tmp_path / "turned.bed", {(start, FLIPPED[strand]) for start, strand in right})
    verdict, hint, fixed = import_with_hint(run, bed, tmp_path)
    assert verdict.startswith("STRANDS EXCHANGED")
    assert "--swap-strands" in hint
    assert fixed == right


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("named", ["NC_000913.3", "gi|48994873|gb|U00096.2|"])
def test_the_wrong_assembly_is_caught_and_fixed(
    source: str, named: str, real_sets: dict[str, pd.DataFrame], tmp_path: Path, run: Run
) -> None:
    old = lift_tss(real_sets[source], load_chain("NC_000913.3_to_2")).table
    bed = write(tmp_path / "old.bed", bases_of(old), named)
    verdict, hint, fixed = import_with_hint(run, bed, tmp_path)
    assert verdict.startswith("ON ANOTHER ASSEMBLY, NC_000913.2:")
    assert ("--from NC_000913.2" in hint) == (named == "NC_000913.3")
    right = bases_of(real_sets[source])
    assert fixed <= right
    assert len(fixed) == len(old) > 0.99 * len(right)


@pytest.mark.parametrize("source", SOURCES)
def test_a_set_on_the_new_assembly_is_caught_on_the_old_genome(
    source: str, real_sets: dict[str, pd.DataFrame], data_dir: Path, tmp_path: Path, run: Run
) -> None:
    bed = write(tmp_path / "new.bed", bases_of(real_sets[source]), "NC_000913.3")
    genome = data_dir / "genome" / "NC_000913.2.fa.gz"
    out = run("tss", "import", bed, "-o", tmp_path / "in", "--name", "set", "--genome", genome).stdout
    assert "check: ON ANOTHER ASSEMBLY, NC_000913.3:" in out
    assert "--chain NC_000913.3_to_2" in out


@pytest.mark.parametrize("source", SOURCES)
def test_the_right_set_is_left_alone(source: str, real_sets: dict[str, pd.DataFrame], tmp_path: Path, run: Run) -> None:
    bed = write(tmp_path / "right.bed", bases_of(real_sets[source]))
    out = run("tss", "import", bed, "-o", tmp_path / "in", "--name", "set").stdout
    assert "check: right as it is" in out
    assert "hint:" not in out


@pytest.mark.parametrize(("base", "hint"), [("1", "--base border"), ("0", "--base border"), ("border", None)])
def test_a_misread_sendseq_table_is_fixed_by_its_base(
    base: str, hint: str | None, data_dir: Path, real_sets: dict[str, pd.DataFrame], tmp_path: Path, run: Run
) -> None:
    table = next((data_dir / "tss_sources").glob("send*/*.tsv"))
    words = ["tss", "import", table, "-o", tmp_path / "in", "--name", "set", "--format", "sendseq", "--base", base]
    out = run(*words).stdout
    if hint is None:
        assert "hint:" not in out
        return
    line = next(line for line in out.splitlines() if line.startswith("hint: "))
    assert hint in line
    again = run(*shlex.split(line.removeprefix("hint: "))[1:])
    assert "right as it is" in again.stdout
    assert read_bed_bases(tmp_path / "in" / "set.bed") == bases_of(real_sets["sendseq"])


def random_genome(length: int = 50_000) -> Genome:
    letters = np.random.default_rng(3).choice(np.frombuffer(b"ACGT", dtype=np.uint8), length)
    return Genome("made", (Contig("c1", letters), Contig("c2", letters[: length // 3].copy())))


def test_positions_without_any_marks_are_called_so() -> None:
    starts = np.random.default_rng(4).integers(0, 50_000, 4000)
    table = pd.DataFrame({"chrom": "c1", "chromStart": starts, "strand": np.where(starts % 3, "+", "-")})
    assert check_positions(table, random_genome()).problem == "unclear"


def test_a_handful_of_positions_gets_no_verdict() -> None:
    table = pd.DataFrame({"chrom": "c1", "chromStart": np.arange(50, 90), "strand": "+"})
    report = check_positions(table, random_genome())
    assert report.problem == "few"
    assert report.shifts == {"+": 0, "-": 0}


def test_shares_are_those_of_the_letters() -> None:
    #                   0123456789012345678901234
    letters = np.frombuffer(b"CCCCCTAGGGTCCCCCCCAGCCCCC", dtype=np.uint8)
    genome = Genome("made", (Contig("c1", letters),))
    table = pd.DataFrame({"chrom": "c1", "chromStart": [18, 19, 20, 2], "strand": ["+", "+", "-", "-"]})
    report = check_positions(table, genome)
    as_it_is = {r.strand: r for r in report.readings if r.offset == 0 and not r.swapped and not r.chain}
    assert (as_it_is["+"].purine_share, as_it_is["+"].hexamer_share) == (1.0, 1.0)  # TAGGGT starts 13 and 14 upstream
    assert (as_it_is["-"].purine_share, as_it_is["-"].hexamer_share) == (1.0, 0.0)  # C on plus is G on minus
    turned = {(r.strand, r.offset): r for r in report.readings if r.swapped}
    assert turned["+", 0].purine_share == 0.0  # A, G on plus are T, C on minus
    far = {r.offset: r.hexamer_share for r in report.readings if r.strand == "+" and not r.swapped}
    assert far == {-2: 1.0, -1: 1.0, 0: 1.0, 1: 0.5, 2: 0.0}
