"""The prediction of one genome, of a shard of it, or from its shards; what there is already is not made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracktools import load_model
from tracktools.config import PredictConfig
from tracktools.errors import OutputNotEmpty, UnfinishedRunDiffers
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Genome, load_genome
from tracktools.predict import Shard, merge_shards, predict_genome, predict_shard
from tracktools.run import drop_unfinished
from tracktools.tracks import read_provenance


def predict_one(
    row: dict[str, str], output: str, model_name: str, config: dict[str, Any], shard: str | None
) -> dict[str, Any]:
    """Predict a genome, or a shard of it, and return its figures; what is there already is not made again."""
    print(f"== {row['name']}", flush=True)
    genome = load_genome(Path(row["fasta"]), circular=circular_contigs(row), name=row["name"])
    model = load_model(model_name)
    settings = PredictConfig(**config)
    if shard is not None:
        part = Shard.parse(shard)
        folder = Path(output) / f"{part.number}-of-{part.of}"
        make_or_renew(predict_shard, genome, folder, part, model=model, config=settings)
        return {}
    folder = Path(output) / row["name"]
    if is_made(folder, genome, model.sha256, settings):
        drop_unfinished(folder)  # of a run killed at its very end
    else:
        make_or_renew(predict_genome, genome, folder, model=model, config=settings)
    return describe(folder, genome)


def merge_one(row: dict[str, str], output: str, folders: list[Path]) -> dict[str, Any]:
    """Join shards and return the figures of the genome."""
    folder = Path(output) / row["name"]
    make_or_renew(merge_shards, folders, folder)
    return describe(folder, load_genome(Path(row["fasta"]), circular=circular_contigs(row), name=row["name"]))


def circular_contigs(row: dict[str, str]) -> list[str]:
    """Return the names in the column `circular`."""
    return [name.strip() for name in row.get("circular", "").split(",") if name.strip()]


def make_or_renew(make: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """Make an output or continue it; what was made, or left unfinished, from another genome or settings is dropped."""
    for _ in range(2):
        try:
            make(*arguments, **options)
        except UnfinishedRunDiffers:
            options["restart"] = True
        except OutputNotEmpty:
            options["force"] = True
        else:
            return
    make(*arguments, **options)


def is_made(folder: Path, genome: Genome, model_sha256: str, config: PredictConfig) -> bool:
    """Return whether a folder contains this genome's prediction already, with this model and these settings."""
    made = read_provenance(folder).get("parameters", {})
    wanted = {
        "genome_name": genome.name,
        "genome_sha256": genome.sha256,
        "circular": [contig.name for contig in genome if contig.circular],
        "model_sha256": model_sha256,
        "precision": config.precision,
    }
    if config.engine != "auto":
        wanted["engine"] = config.engine
    return all(made.get(key) == value for key, value in wanted.items())


def describe(folder: Path, genome: Genome) -> dict[str, Any]:
    """Return the figures of a predict folder for the summary."""
    covered = 0
    for strand in ("plus", "minus"):
        with BigWigReader(folder / f"{genome.name}.{strand}.bw") as signal:
            covered += signal.summary.bases_covered if signal.summary is not None else 0
    with (folder / f"{genome.name}.called_tss.bed").open() as lines:
        called = sum(not line.startswith("#") for line in lines)
    made_by = read_provenance(folder)
    parts = [*made_by.get("parameters", {}).get("shards", []), made_by]
    return {
        "contigs": len(genome.contigs),
        "bp": len(genome),
        "gc": f"{genome.gc_content:.4f}",
        "scored_positions": covered,
        "called_tss": called,
        "wall_s": f"{sum(part['wall_s'] for part in parts):.1f}",
        "cpu_s": f"{sum(part['cpu_s'] for part in parts):.1f}",
        "peak_mb": f"{max(part['peak_memory_bytes'] for part in parts) / 1e6:.0f}",
    }
