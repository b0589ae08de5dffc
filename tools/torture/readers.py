"""Every reader of files of users: the function that a command calls, and the command line that comes to it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from samples import LAYOUT

from tracktools.cli.config_file import read_config_file
from tracktools.formats.alignments import read_alignments, read_contig_sizes
from tracktools.formats.bed import read_bed
from tracktools.formats.bedgraph import read_bedgraph
from tracktools.formats.bigbed import read_bigbed
from tracktools.formats.bigwig import BigWigReader
from tracktools.formats.json_file import read_json
from tracktools.formats.motif_files import read_motifs
from tracktools.formats.recognise import recognise_format
from tracktools.formats.toml_file import read_toml
from tracktools.formats.vcf import VcfLine, open_vcf
from tracktools.genome import Genome, load_genome
from tracktools.hub.check import check_hub
from tracktools.hub.clients.view import build_view
from tracktools.hub.gather import gather_sources
from tracktools.model.checkpoint import load_checkpoint
from tracktools.model.files import find_model
from tracktools.mutate.variants import alleles_of
from tracktools.names import join_names
from tracktools.predict import merge_shards
from tracktools.regions import read_annotation
from tracktools.train.labels import read_labels
from tracktools.tss.assemblies import load_chain
from tracktools.tss.importing import ImportRequest, import_tss
from tracktools.tss.table import read_positions, read_tss_set

__all__ = ["READERS", "Case", "Reader", "read_config_file"]


@dataclass(frozen=True)
class Case:
    """What a reader gets: the damaged file, whole samples next to it, and an empty folder to write to."""

    path: Path
    samples: dict[str, Path]
    output: Path


@dataclass(frozen=True)
class Reader:
    """A reader.

    Parameters
    ----------
    samples : tuple of str
        The kinds of file that it gets, damaged.
    read : callable
        What the commands call; what it returns tells whether two files say the same.
    words : tuple of str
        The command line: ``{path}``, ``{output}`` and ``{NAME}`` of a sample are put in.
    checked : tuple of str
        Kinds in which no change may go unseen: they hold checksums.
    """

    samples: tuple[str, ...]
    read: Callable[[Case], object]
    words: tuple[str, ...]
    checked: tuple[str, ...] = ()


def digest(value: object) -> str:
    """Return a short text that tells whether two results are alike."""
    return hashlib.sha256(repr(value).encode(errors="replace")).hexdigest()


def _genome(case: Case) -> object:
    return [(contig.name, contig.circular, contig.sequence_sha256) for contig in load_genome(case.path)]


def _annotation(case: Case) -> object:
    found = read_annotation(case.path)
    return found.features.to_csv() if hasattr(found, "features") else found


def _bed(case: Case) -> object:
    tables: list[pd.DataFrame] = [read_bed(case.path)[0]]
    for read in (read_tss_set, read_positions):
        tables.append(read(case.path))
    read_bed(case.path, any_score=True)
    return tables[0].to_csv()


def _labels(case: Case) -> object:
    return read_labels(case.path, load_genome(case.samples["genome.fa"]))


def _signal(case: Case) -> object:
    return [(name, steps.starts.sum(), steps.values.sum()) for name, steps in read_bedgraph(case.path).items()]


def _bigwig(case: Case) -> object:
    with BigWigReader(case.path) as reader:
        return [float(reader.values(name, 0, min(size, 1 << 20)).sum()) for name, size in reader.chrom_sizes.items()]


def _reads(case: Case) -> object:
    read_contig_sizes(case.path)
    return sum(1 for _ in read_alignments(case.path, min_mapq=0, tally=Counter()))


def _variants(case: Case) -> object:
    genome = load_genome(case.samples["genome.fa"])
    with open_vcf(case.path) as (header, lines):
        found = [[one.change for one in alleles_of(line, genome[chrom_of(line, genome)], case.path)] for line in lines]
    return header, found


def chrom_of(line: VcfLine, genome: Genome) -> str:
    """Return the genome's name of the sequence of a variant."""
    return join_names([line.chrom], genome.chrom_sizes)[line.chrom]


def _table(case: Case) -> object:
    layout = LAYOUT if "table" in case.path.name else None
    return import_tss([case.path], ImportRequest("x", layout), load_genome(case.samples["genome.fa"])).table.to_csv()


def _checkpoint(case: Case) -> object:
    return load_checkpoint(find_model(case.path)).parameters.sha256


def _merge(case: Case) -> object:
    merge_shards([case.path, case.samples["shard2"]], case.output)
    files = sorted(path for path in case.output.rglob("*") if path.name != "provenance.json" and path.is_file())
    return [(path.name, path.read_bytes()) for path in files]


def _tracks(case: Case) -> object:
    return gather_sources([case.path], None, [], load_genome(case.samples["genome.fa"]))


def _check(case: Case) -> object:
    return [str(finding) for finding in check_hub(case.path)]


def _view(case: Case) -> object:
    script = case.output.parent / "igv.min.js"
    script.write_text("var igv = {}")
    return build_view(case.path, case.output, igv_js=script).left_out


def _json(case: Case) -> object:
    try:
        return json.dumps(read_json(case.path))
    except FileNotFoundError:  # which callers take for "there is none"
        return None


def _chain(case: Case) -> object:
    chain: Any = load_chain(case.path)
    return chain.lift("chrA", pd.Series([5, 700, 1100]).to_numpy())


GENOMES = ("genome.fa", "genome.fa.gz", "genome.2bit", "genome.gbk", "genome.gbk.gz", "genome.embl")
ANNOTATIONS = ("genes.gff3", "genes.gff3.gz", "genes.gtf", "genome.gbk", "genome.embl")
PACKED = (
    "genome.fa.gz",
    "genome.gbk.gz",
    "genes.gff3.gz",
    "tss.bed.gz",
    "signal.bedgraph.gz",
    "table.tsv.gz",
    "variants.vcf.gz",
)
READERS: dict[str, Reader] = {
    "genome": Reader(GENOMES, _genome, ("hub", "build", "{imported}", "--genome", "{path}", "-o", "{output}"), PACKED),
    "annotation": Reader(ANNOTATIONS, _annotation, ("annotation", "{path}", "--genome", "{genome.fa}", "-o", "{output}"), PACKED),
    "BED": Reader(
        ("tss.bed", "tss.bed.gz", "called.bed"), _bed,
        ("tss", "curate", "--source", "a={path}", "--source", "b={tss.bed}", "-o", "{output}"), PACKED,
    ),
    "labels": Reader(
        ("tss.bed", "tss.bed.gz"), _labels,
        ("tss", "classify", "{path}", "--annotation", "{genes.gff3}", "-o", "{output}"), PACKED,
    ),
    "bedGraph and wiggle": Reader(
        ("signal.bedgraph", "signal.bedgraph.gz", "signal.wig"), _signal,
        ("reads", "--plus", "{path}", "--minus", "{signal.bedgraph}", "--genome", "{genome.fa}", "--name", "x", "-o", "{output}"),
        PACKED,
    ),
    "bigWig": Reader(
        ("signal.plus.bw",), _bigwig,
        ("reads", "--plus", "{path}", "--minus", "{signal.minus.bw}", "--genome", "{genome.fa}", "--name", "x", "-o", "{output}"),
    ),
    "bigBed": Reader(
        ("tss.bb",), lambda case: read_bigbed(case.path)[0].to_csv(),
        ("hub", "build", "{path}", "--genome", "{genome.fa}", "-o", "{output}"),
    ),
    "SAM and BAM": Reader(
        ("reads.sam", "reads.bam"), _reads,
        ("reads", "{path}", "--library", "forward", "--name", "x", "-o", "{output}"), ("reads.bam",),
    ),
    "TSS table": Reader(
        ("table.tsv", "table.tsv.gz", "table.xlsx", "genes.gff3", "genes.gtf"), _table,
        ("tss", "import", "{path}", "--format", "table", "--position-column", "Pos", "--strand-column", "Strand", "--base", "1", "--chrom-column", "Rep", "--name", "x", "--genome", "{genome.fa}", "-o", "{output}"), PACKED,
    ),
    "VCF": Reader(
        ("variants.vcf", "variants.vcf.gz"), _variants,
        ("mutate", "{genome.fa}", "--vcf", "{path}", "-m", "{model.safetensors}", "-o", "{output}"), PACKED,
    ),
    "chain": Reader(("lift.chain",), _chain, ("tss", "lift", "{tss.bed}", "--chain", "{path}", "-o", "{output}")),
    "motif matrices": Reader(
        ("motifs.meme", "motifs.transfac"), lambda case: read_motifs(case.path),
        ("motifs", "{imported}", "--genome", "{genome.fa}", "--against", "{path}", "-o", "{output}"),
    ),
    "model": Reader(
        ("model.safetensors",), _checkpoint, ("predict", "{genome.fa}", "-m", "{path}", "-o", "{output}")
    ),
    "JSON": Reader(("note.json",), _json, ("info",)),
    "settings": Reader(("settings.toml",), lambda case: read_toml(case.path), ("--config", "{path}", "models", "list")),
    "shard": Reader(("shard1",), _merge, ("merge", "{path}", "{shard2}", "-o", "{output}"), ("shard1",)),
    "folder of tracks": Reader(
        ("imported",), _tracks, ("hub", "build", "{path}", "--genome", "{genome.fa}", "-o", "{output}")
    ),
    "hub check": Reader(("hub",), _check, ("hub", "check", "{path}")),
    "hub view": Reader(("hub",), _view, ("hub", "view", "{path}", "-o", "{output}")),
    "kind of file": Reader(
        (*GENOMES, *ANNOTATIONS, "tss.bed", "signal.wig", "reads.sam", "reads.bam", "tss.bb"),
        lambda case: recognise_format(case.path),
        ("hub", "build", "{path}", "--genome", "{genome.fa}", "-o", "{output}"),
    ),
}  # fmt: skip
