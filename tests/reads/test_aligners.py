"""Reads as aligners place them: soft clips, dovetails, discordant and spliced pairs, files thinned afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from counted_reads import count_reads
from simulated_reads import ALIGNERS, TSS, align, is_installed, make_genome, write_fastq
from tracktools.config import ReadsConfig
from tracktools.reads import AlignmentSignal

CIGARS = {  # what each of them leaves in its alignments
    "hisat2": set("MSN"),
    "bowtie2": set("MID"),
    "bowtie2 --local": set("MIDS"),
    "bowtie2 --dovetail": set("MIDS"),
    "bwa mem": set("MIDS"),
}
SAMS = sorted((Path(__file__).parent / "aligned").glob("*.sam"))


def tracks(path: Path, library: Any, config: ReadsConfig) -> dict[str, dict[str, Any]]:
    source = AlignmentSignal([path], library=library, config=config)
    found: dict[str, dict[str, Any]] = {strand: {name: [] for name in source.sizes} for strand in source.strands}
    for chrom, _, values in source.windows():
        for strand, part in zip(source.strands, values, strict=True):
            found[strand][chrom].append(part)
    return {strand: {c: np.concatenate(parts) for c, parts in by_chrom.items()} for strand, by_chrom in found.items()}


def thinned(path: Path, kind: str) -> Path:
    """Return the file as ``samtools view`` with these options leaves it: flags and TLEN of the records stay."""
    if kind == "whole":
        return path
    target = path.with_name(f"{path.stem}{kind.replace(' ', '')}.bam")
    pysam.view("-b", *kind.split(), "-o", str(target), str(path), catch_stdout=False)  # type: ignore[attr-defined]
    return target


def check(path: Path) -> None:
    """Compare every base of every signal, for both libraries, with and without a bound for the mapping quality."""
    signals = ("coverage", "5prime", "3prime")
    for library, signal, min_mapq in itertools.product(("forward", "reverse"), signals, (0, 10)):
        expected = count_reads(path, library, signal, min_mapq)
        if not sum(values.sum() for by_chrom in expected.values() for values in by_chrom.values()):
            continue  # read 1 alone tells nothing of the other end
        found = tracks(path, library, ReadsConfig(signal=signal, min_mapq=min_mapq))  # type: ignore[arg-type]
        for strand, by_chrom in expected.items():
            for chrom, values in by_chrom.items():
                np.testing.assert_array_equal(found[strand][chrom], values, f"{library} {signal} {strand} {chrom}")


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Path]:
    """Return the BAM of an aligner, of pairs or of read 1 alone."""
    folder = tmp_path_factory.mktemp("aligned")
    fasta, *fastqs = write_fastq(folder, make_genome(seed=3), n=320, seed=4)
    made: dict[tuple[str, bool], Path] = {}

    def get(aligner: str, paired: bool) -> Path:
        if not is_installed(aligner):
            pytest.skip(f"{aligner.split()[0]} is not installed (Debian: apt-get install hisat2 bowtie2 bwa)")
        if (aligner, paired) not in made:
            target = folder / f"{aligner.replace(' ', '')}.{paired}.bam"
            made[aligner, paired] = align(aligner, fasta, tuple(fastqs if paired else fastqs[:1]), target)
        return made[aligner, paired]

    return get


@pytest.mark.parametrize("kind", ["whole", "-f 64", "-f 128", "-q 10", "-f 2", "-F 2"])
@pytest.mark.parametrize("aligner", ALIGNERS)
def test_pairs_are_counted_base_by_base(aligned: Callable[[str, bool], Path], aligner: str, kind: str) -> None:
    check(thinned(aligned(aligner, True), kind))


@pytest.mark.parametrize("aligner", ALIGNERS)
def test_single_reads_are_counted_base_by_base(aligned: Callable[[str, bool], Path], aligner: str) -> None:
    check(aligned(aligner, False))


@pytest.mark.parametrize("aligner", ALIGNERS)
def test_the_reads_are_as_unruly_as_is_claimed(aligned: Callable[[str, bool], Path], aligner: str) -> None:
    with pysam.AlignmentFile(str(aligned(aligner, True))) as file:
        reads = list(file.fetch(until_eof=True))
    proper = [read for read in reads if read.is_proper_pair]
    cigars = {kind for read in reads if read.cigarstring for kind in read.cigarstring if kind.isalpha()}
    assert len(proper) > 100
    assert sum(not read.is_proper_pair and not read.is_unmapped for read in reads) > 30
    assert sum(read.mapping_quality < 10 and not read.is_unmapped for read in reads) > 5
    assert cigars >= CIGARS[aligner]
    left = {read.query_name: read.reference_start for read in proper if read.is_reverse}
    dovetails = sum(read.reference_start > left[read.query_name] for read in proper if not read.is_reverse)
    assert (dovetails > 10) == (aligner in ("bowtie2 --dovetail", "bwa mem"))


@pytest.mark.parametrize("aligner", ALIGNERS)
@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "single reads"])
def test_planted_starts_are_found_to_the_base_on_both_strands(
    aligned: Callable[[str, bool], Path], aligner: str, paired: bool
) -> None:
    found = tracks(aligned(aligner, paired), "forward", ReadsConfig(signal="5prime"))
    for strand, tss in TSS.items():
        assert int(found[strand]["one"].argmax()) == tss
        assert found[strand]["one"][tss] > 20


@pytest.mark.parametrize("path", SAMS, ids=lambda path: path.stem)
def test_records_of_aligners_are_counted_base_by_base(path: Path) -> None:
    check(path)
