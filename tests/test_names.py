"""Names of sequences, the line of counts, and signs of strands: what every command builds on."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tracktools.cli import options
from tracktools.cli import tracktools as command_line
from tracktools.counting import count_line
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader, write_bigwig
from tracktools.input_sign import InputSign, pair_notes, pair_record
from tracktools.names import common_names, join_names


def test_names_are_joined_by_what_is_known_and_by_what_the_user_says_alone() -> None:
    genome = {"NC_000913.3": 4_641_652, "plasmid": 9_000}
    assert join_names(["U00096.3", "p"], genome, renames={"p": "plasmid"}) == {
        "U00096.3": "NC_000913.3",
        "p": "plasmid",
    }
    with pytest.raises(GenomeMismatchError, match=r"a.bed: is on p, which .* --rename p=NC_000913.3"):
        join_names(["p"], genome, path=Path("a.bed"))
    with pytest.raises(GenomeMismatchError, match="another version of it"):
        join_names(["U00096.2"], genome)


def test_only_the_genome_leaves_other_sequences_out() -> None:
    assert join_names(["NC_000913.3", "phiX", "U00096.2"], ["NC_000913.3"], only_genome=True) == {
        "NC_000913.3": "NC_000913.3"
    }


def test_a_renaming_to_nothing_is_refused_whatever_is_left_out() -> None:
    with pytest.raises(ConfigError, match="--rename a=b: the genome has no 'b'"):
        join_names(["a"], ["c"], renames={"a": "b"}, only_genome=True)


@pytest.mark.parametrize("names", [["chr", "U00096.3"], ["U00096.3", "chr"]])
def test_names_of_several_files_become_one_in_any_order(names: list[str]) -> None:
    assert common_names(names) == dict.fromkeys(names, "U00096.3")
    assert common_names([*names, "NC_000913.3"]) == dict.fromkeys([*names, "NC_000913.3"], "NC_000913.3")
    assert set(common_names(["p", *names], renames={"p": "chr"}).values()) == {"U00096.3"}


def test_the_line_of_counts() -> None:
    assert count_line(0, {"without strand": 2}, "reads") == "Read 2 reads: 0 taken, 2 left out (2 without strand)"


def test_a_negative_minus_file_means_the_same_as_a_positive_one() -> None:
    values = np.array([np.nan, 0, 3, 1], dtype=np.float32)
    signs = InputSign(Path("a.plus.bw"), "+"), InputSign(Path("a.minus.bw"), "-")
    for sign, stored in zip(signs, (values, -values), strict=True):
        np.testing.assert_array_equal(sign.positive(stored, "c"), values)
    assert signs[0].n_values == signs[1].n_values == 2
    assert pair_record(*signs)["minus_strand"] == "stored negative, read as positive"
    assert len(pair_notes(*signs)) == 1


@pytest.mark.parametrize(("strand", "pieces"), [("+", (2.0, -1.0)), ("-", (-2.0, 1.0)), ("-", (2.0, -1.0))])
def test_both_signs_on_one_strand_are_refused_wherever_they_meet(strand: str, pieces: tuple[float, float]) -> None:
    sign = InputSign(Path("a.bw"), strand)
    sign.positive(np.array([0.0, pieces[0]]), "c")
    with pytest.raises(InputError, match=rf"both signs, .* on the \{strand} strand"):
        sign.positive(np.array([pieces[1]]), "c", 2)


def test_a_negative_plus_file_looks_exchanged_and_an_infinite_value_has_a_place() -> None:
    with pytest.raises(InputError, match="are the two files exchanged"):
        InputSign(Path("a.bw"), "+").positive(np.array([-1.0]), "c")
    with pytest.raises(InputError, match="infinite value at c:102"):
        InputSign(Path("a.bw"), "+").positive(np.array([0, np.inf]), "c", 100)


def test_a_strand_without_a_value_next_to_thousands_is_noted() -> None:
    signs = InputSign(Path("a.plus.bw"), "+"), InputSign(Path("a.minus.bw"), "-")
    signs[0].positive(np.ones(5000), "c")
    signs[1].positive(np.zeros(5000), "c")
    assert any("no value above 0 on the - strand" in note for note in pair_notes(*signs))


def test_renamings_come_from_the_line_and_from_a_file(tmp_path: Path) -> None:
    @click.command()
    @options.rename
    @options.only_genome
    def show(renames: dict[str, str], only_genome: bool) -> None:
        click.echo(f"{sorted((old, renames[old]) for old in renames)} {only_genome}")

    (tmp_path / "names.tsv").write_text("a\tNC_1\nb\tNC_2\n")
    ran = CliRunner().invoke(
        show, ["--rename-file", str(tmp_path / "names.tsv"), "--rename", "b=NC_3", "--only-genome"]
    )
    assert ran.output == "[('a', 'NC_1'), ('b', 'NC_3')] True\n"
    assert "renamed twice" in CliRunner().invoke(show, ["--rename", "a=b", "--rename", "a=c"]).output


_GENOME = ">c1\n" + "ACGTTGACAT" * 60 + "\n"
_GFF = "{}\tx\tgene\t101\t190\t.\t+\t.\tID=g1\n"
_SAM = "@SQ\tSN:{}\tLN:600\nr\t0\t{}\t9\t60\t4M\t*\t0\t0\t*\t*\n"
_READING = {
    "import": "tss import a.bed --name x --genome g.fa",
    "curate": "tss curate --source a=a.bed --source b=a.bed",
    "compare": "tss compare --source a=a.bed --source b=a.bed",
    "classify": "tss classify c1.bed --annotation a.gff --genome g.fa",
    "call": "tss call a.plus.bw a.minus.bw --threshold 0.5",
    "table": "tss table a=a.bed --genome g.fa",
    "confirm": "tss confirm a.bed b=a.bed --genome g.fa",
    "promoters": "tss promoters a.bed --genome g.fa",
    "reads": "reads a.sam --library forward --name x --genome g.fa",
    "strands": "reads --plus a.plus.bw --minus a.minus.bw --name x --genome g.fa",
    "annotation": "annotation a.gff --genome g.fa",
    "hub": "hub build a.bed a.gff --genome g.fa",
    "evaluate": "evaluate a.plus.bw a.minus.bw --tss a=a.bed --region all --genome g.fa --resamples 3",
    "profile": "profile --signal a=c1.plus.bw,c1.minus.bw --sites a=a.bed --flank 9",
}


@pytest.mark.parametrize("command", _READING.values(), ids=_READING)
def test_a_renaming_that_no_file_needs_is_refused_and_nothing_is_written(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.fa").write_text(_GENOME)
    Path("a.gff").write_text("##gff-version 3\n" + _GFF.format("old"))
    Path("a.sam").write_text(_SAM.format("old", "old"))
    for name, chrom in (("a", "old"), ("c1", "c1")):
        Path(f"{name}.bed").write_text(f"{chrom}\t80\t81\tt\t0\t+\n")
        for strand in ("plus", "minus"):
            write_bigwig(Path(f"{name}.{strand}.bw"), {chrom: 600}, {chrom: np.linspace(0, 1, 600, dtype=np.float32)})
    arguments = [*command.split(), "-o", "out", "--rename", "old=c1"]
    with pytest.raises(ConfigError, match=r"--rename typo=c1: no file has a sequence 'typo' \(they have .*old.*\)"):
        CliRunner().invoke(command_line, [*arguments, "--rename", "typo=c1"], catch_exceptions=False)
    assert not Path("out").exists()
    result = CliRunner().invoke(command_line, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output


_LONG = {
    "predict": "predict g.fa --regions a.bed",
    "predict a hub": "predict g.fa --annotation a.gff --hub hub",
    "train": "train g.fa a.bed --fractions 0.4,0.3,0.3",
    "adapt": "adapt g.fa a.bed",
}


@pytest.mark.parametrize("command", _LONG.values(), ids=_LONG)
def test_long_commands_refuse_a_renaming_before_they_compute(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.fa").write_text(">c1\n" + "ACGTTGACATTGCAAGCCTA" * 2000 + "\n")
    Path("a.gff").write_text("##gff-version 3\n" + _GFF.format("old"))
    Path("a.bed").write_text("".join(f"old\t{at}\t{at + 1}\tt{at}\t0\t+\n" for at in range(500, 39_500, 500)))
    with pytest.raises(ConfigError, match=r"--rename typo=c1: no file has a sequence 'typo' \(they have .*old.*\)"):
        CliRunner().invoke(
            command_line,
            [*command.split(), "-o", "out", "--rename", "old=c1", "--rename", "typo=c1"],
            catch_exceptions=False,
        )
    assert not list(tmp_path.glob("out*"))  # not even unfinished work


def test_a_file_of_renamings_may_list_other_genomes_but_not_them_alone(tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("old\tc1\nother\tc9\n")
    for name, chrom in (("a", "old"), ("b", "c1")):
        (tmp_path / f"{name}.bed").write_text(f"{chrom}\t80\t81\tt\t0\t+\n")

    def curate(name: str) -> int:
        arguments = ["tss", "curate", "--rename-file", f"{tmp_path}/names.tsv", "-o", f"{tmp_path}/{name}"]
        arguments += [f"--source=x={tmp_path}/{name}.bed", f"--source=y={tmp_path}/{name}.bed"]
        return CliRunner().invoke(command_line, arguments, catch_exceptions=False).exit_code

    assert curate("a") == 0
    with pytest.raises(ConfigError, match=r"no file has any of the sequences it renames \(they have c1\)"):
        curate("b")


def test_a_sequence_too_many_names_the_option_that_skips_it() -> None:
    with pytest.raises(GenomeMismatchError, match="--only-genome skips"):
        join_names(["c1", "phiX"], ["c1"], only_genome=False)
    with pytest.raises(GenomeMismatchError) as caught:  # nothing would be left
        join_names(["phiX"], ["c1"], only_genome=False)
    assert "--only-genome" not in str(caught.value)


def test_a_hub_of_the_genome_alone_counts_the_other_sequences_of_signals_and_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.fa").write_text(_GENOME)
    sizes = {"c1": 600, "phiX": 40}
    write_bigwig(Path("a.plus.bw"), sizes, {name: np.linspace(0, 1, n, dtype=np.float32) for name, n in sizes.items()})
    Path("b.bedGraph").write_text("c1\t9\t20\t3\nphiX\t0\t9\t1\n")
    write_bigwig(Path("phiX.plus.bw"), {"phiX": 40}, {"phiX": np.linspace(0, 1, 40, dtype=np.float32)})
    build = ["hub", "build", "--genome", "g.fa", "a.plus.bw", "b.bedGraph"]
    refused = CliRunner().invoke(command_line, [*build, "-o", "refused"])
    assert refused.exit_code == 1
    assert "a.plus.bw: is on phiX" in str(refused.exception)
    assert "--only-genome skips" in str(refused.exception)
    built = CliRunner().invoke(command_line, [*build, "-o", "hub", "--only-genome"], catch_exceptions=False)
    assert built.exit_code == 0, built.output
    for name in ("a.plus.bw", "b.bedGraph"):
        assert f"Read 2 sequences of {name}: 1 taken, 1 left out (1 that the genome does not have)" in built.output
    with BigWigReader(next(Path("hub").glob("a*.bw"))) as copy:
        assert dict(copy.chrom_sizes) == {"c1": 600}
        assert copy.values("c1", 599, 600)[0] == 1
    none = CliRunner().invoke(command_line, [*build[:4], "phiX.plus.bw", "-o", "none", "--only-genome"])
    assert "has no sequence of the genome" in str(none.exception)
    assert not Path("none").exists()
