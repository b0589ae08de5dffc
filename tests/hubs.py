"""Inputs for hub tests: a prediction folder on the real E. coli genome, and a small genome with everything."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.formats.bed import CALLED_TSS, write_bed
from tracktools.formats.bigwig import BigWigWriter
from tracktools.genome import Genome, load_genome
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
