"""Inputs for hub tests: a prediction folder on the real E. coli genome, and a small genome with everything."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pysam

from tracktools.formats.bed import CALLED_TSS, CURATED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.genome import Genome, load_genome
from tracktools.hub.build import BuiltHub, build_hub
from tracktools.hub.check.ra import Stanza, read_text
from tracktools.regions import read_genes
from tracktools.tracks import Track, write_provenance, write_tracks


def write_predictions(folder: Path, genome: Genome, starts: pd.DataFrame, name: str = "genome") -> Path:
    """Write what `predict` writes: a signal that is 0.9 at each start (chrom, position, strand) and low elsewhere."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(7)
    tracks = []
    for strand, word, color in (("+", "plus", "0,114,178"), ("-", "minus", "213,94,0")):
        path = folder / f"{name}.{word}.bw"
        with BigWigWriter(path, genome.chrom_sizes) as writer:
            for contig in genome:
                values = (0.05 * generator.random(len(contig)) ** 8).astype(np.float32)
                here = starts[(starts["chrom"] == contig.name) & (starts["strand"] == strand)]
                values[here["position"]] = 0.9
                values[slice(-20, None) if strand == "+" else slice(0, 20)] = np.nan
                writer.add(contig.name, 0, values)
        labels = f"TSS ({strand})", f"Predicted TSS, {word} strand"
        tracks.append(Track(f"{name}.{word}", path, "bigWig", strand, "predictions", *labels, color, 0, 1))
    calls = pd.DataFrame(
        {
            "chrom": starts["chrom"],
            "chromStart": starts["position"],
            "chromEnd": starts["position"] + 1,
            "name": [
                f"pTSS_{chrom}_{position + 1}_{'f' if strand == '+' else 'r'}"
                for chrom, position, strand in zip(starts["chrom"], starts["position"], starts["strand"], strict=True)
            ],
            "score": 900,
            "strand": starts["strand"],
            "modelOutput": 0.9,
            "calibrated": 0.7,
            "expectedPrecision": 0.5,
            "expectedPrecisionLow": 0.3,
            "expectedPrecisionHigh": 0.6,
            "split": "none",
        }
    )
    bed = folder / f"{name}.called_tss.bed"
    write_bed(bed, calls, CALLED_TSS)
    tracks.append(
        Track(f"{name}.called_tss", bed, "bed", ".", "predictions", "Called TSS", "TSS called from the predictions")
    )
    write_tracks(folder, tracks)
    write_provenance(
        folder,
        started=time.time(),
        genome={"name": genome.name, "sha256": genome.sha256},
        model={"name": "a-model", "sha256": "ab" * 32},
    )
    return folder


def write_ecoli_predictions(folder: Path, data_dir: Path) -> Path:
    """Write predictions on the real genome that are high at the first base of each real gene."""
    genome = load_genome(data_dir / "genome/NC_000913.3.fa.gz")
    genes = read_genes(data_dir / "annotation/GCF_000005845.2_ASM584v2_genomic.gff.gz")
    starts = pd.DataFrame(
        {
            "chrom": genes["chrom"],
            "position": np.where(genes["strand"] == "+", genes["start"], genes["end"] - 1),
            "strand": genes["strand"],
        }
    ).drop_duplicates()
    return write_predictions(folder, genome, starts, genome.name)


SMALL_GFF = """##gff-version 3
chrA\tx\tgene\t101\t900\t.\t+\t.\tID=g1;Name=abcA;locus_tag=b0001;gene_biotype=protein_coding
chrA\tx\tCDS\t101\t900\t.\t+\t0\tID=c1;Parent=g1;product=a protein
chrA\tx\tpseudogene\t1501\t2100\t.\t-\t.\tID=g2;Name=xyzB;locus_tag=b0002;pseudo=true
plasmid\tx\tgene\t301\t700\t.\t-\t.\tID=g3;Name=repC;locus_tag=p0001;gene_biotype=protein_coding
"""


def write_small_inputs(folder: Path) -> dict[str, Path]:
    """Write a genome of two contigs, predictions, a curated set, genes and reads; every length differs."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(3)
    fasta = folder / "small.fa"
    sequences = {
        name: "".join(generator.choice(list("ACGT"), size)) for name, size in (("chrA", 6007), ("plasmid", 2011))
    }
    fasta.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in sequences.items()))
    genome = load_genome(fasta)
    starts = pd.DataFrame(
        [("chrA", 99, "+"), ("chrA", 2103, "-"), ("chrA", 1203, "+"), ("plasmid", 702, "-")],
        columns=["chrom", "position", "strand"],
    )
    predictions = write_predictions(folder / "predictions", genome, starts, "small")
    gff = folder / "genes.gff3"
    gff.write_text(SMALL_GFF)
    return {
        "genome": fasta,
        "predictions": predictions,
        "curated": write_curated(folder / "curated", starts),
        "gff": gff,
        "bam": write_bam(folder / "reads.bam", {name: len(sequence) for name, sequence in sequences.items()}),
    }


def write_curated(folder: Path, starts: pd.DataFrame) -> Path:
    """Write a curated set as `tss curate` does."""
    folder.mkdir()
    table = pd.DataFrame(
        {
            "chrom": starts["chrom"],
            "chromStart": starts["position"],
            "chromEnd": starts["position"] + 1,
            "name": [f"TSS_{number}" for number in range(1, len(starts) + 1)],
            "score": 500,
            "strand": starts["strand"],
            "thickStart": starts["position"],
            "thickEnd": starts["position"] + 1,
            "itemRgb": "0",
            "support": range(2, 2 + len(starts)),
            "sources": ["cappable,send", "smrt,send", "cappable,smrt", "send"],
            "positions": "1,2",
            "scores": "3,4",
            "spanStart": starts["position"],
            "spanEnd": starts["position"] + 1,
        }
    )
    write_bed(folder / "curated.bed", table, CURATED_TSS)
    write_tracks(folder, [Track("curated", folder / "curated.bed", "bed", group="curated", short_label="Curated TSS")])
    return folder


def write_bam(path: Path, sizes: dict[str, int]) -> Path:
    """Write a few reads and their index."""
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": name, "LN": size} for name, size in sizes.items()]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for number, start in enumerate((95, 300, 2000)):
            read = pysam.AlignedSegment(file.header)
            read.query_name, read.query_sequence = f"r{number}", "A" * 40
            read.flag, read.reference_id, read.reference_start = 16 * (number % 2), 0, start
            read.mapping_quality, read.cigartuples = 60, [(0, 40)]
            read.query_qualities = pysam.qualitystring_to_array("I" * 40)
            file.write(read)
    pysam.index(str(path))
    return path


def build_small_hub(inputs: dict[str, Path], output: Path, **options: Any) -> BuiltHub:
    """Build the hub of all small inputs."""
    folders = [inputs["predictions"], inputs["curated"]]
    return build_hub(folders, output, genome=inputs["genome"], genes=inputs["gff"], bams=[inputs["bam"]], **options)


def read_stanzas(folder: Path) -> list[Stanza]:
    """Return the stanzas of a hub's ``hub.txt``."""
    parts = read_text((folder / "hub.txt").read_bytes(), "hub.txt").parts
    return [part for part in parts if isinstance(part, Stanza)]
