"""Files of aligned reads as people have them: CRAM, indexes, other sequences, strands that are missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pysam
import pytest
from click.testing import CliRunner

from bam_files import pair, record, write_bam
from tracktools import cli
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.reads import AlignmentSignal

SIZES = {"c1": 400, "c2": 300}


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli.tracktools, [str(argument) for argument in arguments])


def fasta(path: Path, sizes: dict[str, int]) -> Path:
    path.write_text("".join(f">{name}\n{'A' * size}\n" for name, size in sizes.items()))
    return path


def covered(path: Path, chrom: str) -> list[int]:
    with BigWigReader(path) as reader:
        values = reader.values(chrom, 0, reader.chrom_sizes[chrom])
    return [i for i, value in enumerate(values) if value > 0]


RECORDS = [record(0, 10), *pair(0, 30, 90, read1_reverse=True), record(1, 5, "5M2D3M", flag=0x10)]


def test_cram_is_read_without_its_reference(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bam = write_bam(tmp_path / "a.bam", RECORDS)
    reference = fasta(tmp_path / "reference.fa", SIZES)
    cram = tmp_path / "a.reads"
    pysam.view("-C", "-T", str(reference), "-o", str(cram), str(bam), catch_stdout=False)  # type: ignore[attr-defined]
    assert cram.read_bytes()[:4] == b"CRAM"
    for name in ("reference.fa", "reference.fa.fai"):
        (tmp_path / name).unlink()
    genome = fasta(tmp_path / "genome.fa", SIZES)
    before = sorted(path.name for path in tmp_path.iterdir())
    for path, options in ((bam, []), (cram, []), (cram, ["--genome", genome])):
        done = run("reads", path, "--library", "forward", "--name", "x", "--force", "-o", tmp_path / "out", *options)
        assert done.exit_code == 0, done.output
        assert covered(tmp_path / "out" / "x.minus.bw", "c1") == list(range(30, 90))
        assert covered(tmp_path / "out" / "x.minus.bw", "c2") == [5, 6, 7, 8, 9, 12, 13, 14]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "out"])
    assert capfd.readouterr().err.count("E::") == 0


@pytest.mark.parametrize("kind", ["CRAM", "BAM"])
def test_reads_of_other_letters_are_refused_where_the_header_tells(tmp_path: Path, kind: str) -> None:
    bam, reference = write_bam(tmp_path / "a.bam", RECORDS), fasta(tmp_path / "reference.fa", SIZES)
    cram, back = tmp_path / "a.cram", tmp_path / "back.bam"
    pysam.view("-C", "-T", str(reference), "-o", str(cram), str(bam), catch_stdout=False)  # type: ignore[attr-defined]
    pysam.view("-b", "-T", str(reference), "-o", str(back), str(cram), catch_stdout=False)  # type: ignore[attr-defined]
    path = cram if kind == "CRAM" else back
    genome = tmp_path / "genome.fa"
    options = [path, "--library", "forward", "--name", "x", "--rename", "c1=d1", "-o", tmp_path / "out"]
    for letters, same in (("a" * 400, True), ("A" * 399 + "C", False)):
        genome.write_text(f">c2\n{'A' * 300}\n>d1\n{letters}\n")
        done = run("reads", *options, "--genome", genome)
        assert (done.exit_code == 0) == same
        if not same:
            assert "was aligned to other letters of c1 than genome has" in str(done.exception)
    assert run("reads", *options, "--force").exit_code == 0  # without --genome, as the message says


def test_a_cut_cram_is_one_line(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", RECORDS)
    reference, cram = fasta(tmp_path / "reference.fa", SIZES), tmp_path / "a.cram"
    pysam.view("-C", "-T", str(reference), "-o", str(cram), str(bam), catch_stdout=False)  # type: ignore[attr-defined]
    whole = cram.read_bytes()
    for keep in (20, len(whole) // 2, len(whole) - 60):
        cram.write_bytes(whole[:keep])
        done = run("reads", cram, "--library", "forward", "--name", "x", "-o", tmp_path / "out")
        assert isinstance(done.exception, InputError), keep
        assert "is damaged" in str(done.exception)


@pytest.mark.parametrize("kind", ["BAI", "CSI"])
def test_an_index_next_to_a_bam_is_fine_and_in_its_place_is_named(tmp_path: Path, kind: str) -> None:
    bam = write_bam(tmp_path / "a.bam", RECORDS)
    pysam.index(*(["-c"] if kind == "CSI" else []), str(bam))  # type: ignore[attr-defined]
    (index,) = (path for path in tmp_path.iterdir() if path != bam)
    options = ["--library", "forward", "--name", "x", "-o", tmp_path / "out"]
    assert run("reads", bam, *options).exit_code == 0
    refused = run("reads", index, *options, "--force")
    assert str(refused.exception) == f"{index}: is the index of a BAM file (name the BAM file; no index is needed)"


# --- sequences that the genome lacks ----------------------------------------------------------------------------------


def test_reads_of_a_host_are_taken_aside_and_counted(tmp_path: Path) -> None:
    sizes = {"host": 900, "c1": 400, "phiX": 100}
    bam = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 800), record(1, 20), record(2, 30)], sizes=sizes)
    genome = fasta(tmp_path / "genome.fa", {"c1": 400, "plasmid": 50})
    options = [bam, "--library", "forward", "--name", "x", "--genome", genome, "-o", tmp_path / "out"]
    refused = str(run("reads", *options).exception)
    assert refused.startswith(f"{bam}: is on host, phiX, which the genome does not have")
    assert "--rename host=" in refused
    assert "--only-genome" in refused
    done = run("reads", *options, "--only-genome")
    assert done.exit_code == 0, done.output
    assert "Read 4 records: 1 taken, 3 left out (3 on sequences that the genome lacks)" in done.stderr
    assert covered(tmp_path / "out" / "x.plus.bw", "c1") == list(range(20, 40))
    with BigWigReader(tmp_path / "out" / "x.plus.bw") as reader:
        assert reader.chrom_sizes == {"c1": 400, "plasmid": 50}
    done = run("reads", *options, "--only-genome", "--rename", "host=plasmid", "--force")
    assert "was aligned to host of 900 bp; plasmid of the genome has 50" in str(done.exception)


def test_a_genome_that_has_none_of_the_sequences_is_another_genome(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", [record(0, 10)])
    for only_genome in (True, False):
        with pytest.raises(GenomeMismatchError, match="is on c1, c2, which the genome does not have") as caught:
            AlignmentSignal([bam], library="forward", chrom_sizes={"x": 400}, only_genome=only_genome)
        assert "--only-genome" not in str(caught.value)  # which would leave nothing


def test_replicates_may_differ_in_what_is_left_out(tmp_path: Path) -> None:
    first = write_bam(tmp_path / "a.bam", [record(0, 10)], sizes={"c1": 400})
    second = write_bam(tmp_path / "b.bam", [record(0, 10), record(1, 10)], sizes={"phiX": 99, "c1": 400})
    source = AlignmentSignal([first, second], library="forward", chrom_sizes={"c1": 400}, only_genome=True)
    ((_, _, values),) = source.windows()
    assert values[0].max() == 2
    assert source.counts == "Read 3 records: 2 taken, 1 left out (1 on sequences that the genome lacks)"


@pytest.mark.parametrize("genome", [{"NC_000913.3": 400, "c9": 300}, None])
def test_two_sequences_that_would_get_one_name_are_refused(tmp_path: Path, genome: dict[str, int] | None) -> None:
    bam = write_bam(tmp_path / "a.bam", [record(0, 10)], sizes={"chr": 400, "c9": 300, "other": 400})
    with pytest.raises(InputError, match=r"contains NC_000913\.3 under two names, chr and other"):
        AlignmentSignal(
            [bam],
            library="forward",
            chrom_sizes=genome,
            renames={"other": "NC_000913.3", "chr": "NC_000913.3"},
        )


def test_the_annotation_of_host_and_bacterium_is_taken_for_the_bacterium(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", [record(0, 10)])
    gff3 = tmp_path / "both.gff3"
    gff3.write_text("host\tx\tgene\t1\t100\t.\t+\t.\tID=h\nc1\tx\tgene\t1\t100\t.\t+\t.\tID=g\n")
    options = [bam, "--library", "forward", "--name", "x", "--annotation", gff3, "-o", tmp_path / "out"]
    assert "is on host" in str(run("reads", *options).exception)
    assert "100.0 % of the signal inside genes is on their strand" in run("reads", *options, "--only-genome").stderr


# --- what is said -----------------------------------------------------------------------------------------------------


def test_the_last_line_counts_records_of_all_files(tmp_path: Path) -> None:
    lone = pair(0, 30, 90, read1_reverse=False)[0] | {"name": "lone"}
    first = write_bam(
        tmp_path / "a.bam", [record(0, 10), *pair(0, 30, 90, read1_reverse=True), record(1, 5, flag=0x400)]
    )
    second = write_bam(tmp_path / "b.bam", [record(0, 10, mapq=3), lone, record(1, 5)])
    options = ["--min-mapq", 10, "--library", "forward", "--name", "x", "-o", tmp_path / "out"]
    done = run("reads", first, second, *options)
    assert done.stderr.splitlines()[-1] == (
        "Read 7 records: 5 taken, 2 left out (1 below mapping quality 10, 1 duplicate); "
        "1 pair and 3 reads alone, 1 of them of a pair"
    )
    kept = json.loads((tmp_path / "out" / "provenance.json").read_text())["parameters"]["records"]
    assert kept[str(second)] == {
        "read": 3,
        "pairs": 0,
        "reads_alone": 2,
        "reads_of_a_pair_alone": 1,
        "left_out": {"below mapping quality 10": 1},
    }


def test_a_strand_without_reads_is_a_warning_in_the_file(tmp_path: Path) -> None:
    for n, warns in ((999, False), (1000, True)):
        bam = write_bam(tmp_path / "a.bam", [record(0, 10)] * n)
        done = run("reads", bam, "--library", "reverse", "--name", "x", "--force", "-o", tmp_path / "out")
        warnings = json.loads((tmp_path / "out" / "provenance.json").read_text())["warnings"]
        assert ["no fragment on the + strand, and 1,000 on the -" in w for w in warnings] == [True] * warns
        assert ("warning: no fragment on the + strand" in done.stderr) == warns


@pytest.mark.parametrize("library", ["forward", "reverse"])
@pytest.mark.parametrize("signal", ["5prime", "3prime", "coverage"])
def test_an_end_that_single_reads_only_stop_at_is_a_warning(tmp_path: Path, library: str, signal: str) -> None:
    bam = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 50, flag=0x10)])
    done = run("reads", bam, "--library", library, "--signal", signal, "--name", "x", "-o", tmp_path / "out")
    warns = (library, signal) in (("forward", "3prime"), ("reverse", "5prime"))
    end, other = ("5'", "3'") if signal == "5prime" else ("3'", "5'")
    told = f"2 single reads of this {library} library start at the {other} end of the RNA: its {end} end is taken where"
    assert (told in done.stderr) == warns
    assert len(json.loads((tmp_path / "out" / "provenance.json").read_text())["warnings"]) == warns


def test_a_file_of_reads_that_all_start_at_the_other_end_says_so(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", pair(0, 30, 90, read1_reverse=True)[1:])  # samtools view -f 64
    options = ["--library", "forward", "--name", "x", "-o", tmp_path / "out"]
    refused = run("reads", bam, "--signal", "3prime", *options)
    assert str(refused.exception) == (
        f"{bam}: contains no read that can be used (left out: 1 first reads of pairs, which do not start at the 3' end)"
    )
    assert run("reads", bam, "--signal", "5prime", *options).exit_code == 0
    assert covered(tmp_path / "out" / "x.minus.bw", "c1") == [89]


# --- files as programs write them -------------------------------------------------------------------------------------

HEADER = "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:c1\tLN:400\n"
LINE = "r\t0\tc1\t11\t60\t{cigar}\t*\t0\t0\t*\t*\n"


@pytest.mark.parametrize(
    ("more", "cigar", "bases"),
    [
        ("@CO\tgröße\n", "20M", range(10, 30)),
        ("@PG\tID:bwa\tLB:x\tCL:bwa mem -R @RG\tSM:h\n", "20M", range(10, 30)),
        ("@SQ\tSN:unused\tLN:9\n", "10=1X5=2P4=", range(10, 30)),
        ("", "3H2S5M1D4M", [*range(10, 15), *range(16, 20)]),
        ("", "5M20N5M", [*range(10, 15), *range(35, 40)]),
    ],
)
@pytest.mark.parametrize("kind", ["SAM", "gzip", "CRLF", "BAM"])
def test_odd_headers_and_cigars_are_read(tmp_path: Path, more: str, cigar: str, bases: Any, kind: str) -> None:
    lines = (HEADER + more + LINE.format(cigar=cigar)).encode()
    path = tmp_path / "reads"
    path.write_bytes(gzip.compress(lines) if kind == "gzip" else lines)
    if kind == "CRLF":
        path.write_bytes(lines.replace(b"\n", b"\r\n"))
    if kind == "BAM":
        path = tmp_path / "reads.bam"
        pysam.view("-b", "-o", str(path), str(tmp_path / "reads"), catch_stdout=False)  # type: ignore[attr-defined]
    done = run("reads", path, "--library", "forward", "--name", "x", "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert covered(tmp_path / "out" / "x.plus.bw", "c1") == list(bases)


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (LINE.format(cigar="9M"), "a header is added by samtools view -b -T genome.fa"),
        (HEADER, "contains no read that can be used (the file has no records)"),
        (HEADER + LINE.format(cigar="40I"), "contains no read that can be used (left out: 1 without an aligned base)"),
        ("@HD\tVN:1.6\n" + LINE.format(cigar="*").replace("c1\t11", "*\t0"), "are the reads aligned?"),
        (HEADER + LINE.format(cigar="9M") + LINE.format(cigar="9M").replace("11", "7"), "samtools sort -o sorted.bam"),
    ],
)
def test_files_without_a_use_say_what_to_do(tmp_path: Path, lines: str, part: str) -> None:
    path = tmp_path / "reads.sam"
    path.write_text(lines)
    done = run("reads", path, "--library", "forward", "--name", "x", "-o", tmp_path / "out")
    assert isinstance(done.exception, InputError)
    assert part in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_what_the_messages_say_can_be_done(tmp_path: Path) -> None:
    options = ["--library", "forward", "--name", "x", "--force", "-o", tmp_path / "out"]
    reference = fasta(tmp_path / "genome.fa", {"c1": 400})
    lines = LINE.format(cigar="9M") + LINE.format(cigar="9M").replace("11", "7")
    path, fixed = tmp_path / "reads.sam", str(tmp_path / "reads.bam")
    path.write_text(lines)
    assert "samtools view -b -T genome.fa -o reads.bam FILE" in str(run("reads", path, *options).exception)
    pysam.view("-b", "-T", str(reference), "-o", fixed, str(path), catch_stdout=False)  # type: ignore[attr-defined]
    assert "samtools sort -o sorted.bam FILE" in str(run("reads", fixed, *options).exception)
    pysam.sort("-o", str(tmp_path / "sorted.bam"), fixed)  # type: ignore[attr-defined]
    assert run("reads", tmp_path / "sorted.bam", *options).exit_code == 0
    assert covered(tmp_path / "out" / "x.plus.bw", "c1") == list(range(6, 19))


def test_a_file_named_twice_is_refused(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", RECORDS)
    (tmp_path / "link.bam").symlink_to(bam)
    with pytest.raises(ConfigError, match=r"a\.bam is named 2 times, and would be counted as often"):
        AlignmentSignal([bam, tmp_path / "link.bam"], library="forward")
