"""The demo's step from called TSS to motif tracks, on a small genome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hubs import write_predictions
from networks import word_attender
from tracktools.config import AttendedConfig, ModelConfig, MotifConfig, PredictConfig
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import load_genome
from tracktools.hub.build import build_hub
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.pipeline.attended import attended_folders, write_places

WORD, DISTANCE_BP, SIZE = "GATTCA", 33, 30_011
OFFSET = 20 - DISTANCE_BP
NETWORK = ModelConfig(n_layers=1, n_heads=3, d_model=32, d_head=8, attention_window_bp=90)


def planted(folder: Path) -> tuple[Path, pd.DataFrame]:
    """A genome with words, and the starts that they belong to; the last has no room for a quiet place downstream."""
    letters = np.random.default_rng(5).choice(list("ACGT"), SIZE)
    starts = [(at, "+-"[number % 2]) for number, at in enumerate(range(500, SIZE - 500, 239))] + [(SIZE - 150, "+")]
    for position, strand in starts:
        for index, base in enumerate(WORD):
            along = OFFSET + index - 3
            at = position + along if strand == "+" else position - along
            letters[at] = base if strand == "+" else {"A": "T", "C": "G", "G": "C", "T": "A"}[base]
    path = folder / "genome.fa"
    path.write_text(">chr\n" + "".join(letters) + "\n")
    return path, pd.DataFrame([("chr", *one) for one in starts], columns=["chrom", "position", "strand"])


def test_called_tss_become_motif_tracks_in_the_hub(tmp_path: Path) -> None:
    path, starts = planted(tmp_path)
    genome = load_genome(path)
    predictions = write_predictions(tmp_path / "predictions", genome, starts)
    codes = np.array(["ACGT".index(base) for base in WORD], dtype=np.uint8)
    model = Checkpoint(word_attender(codes, DISTANCE_BP, NETWORK), Metadata("planted"), sha256="0" * 64)
    options = {
        "genome": genome,
        "model": model,
        "predict": PredictConfig(engine="torch", threads=1),
    }
    made = attended_folders(predictions, tmp_path / "attended", motifs=MotifConfig(window_bp=25), **options)
    assert made == [tmp_path / "attended" / "motifs"]
    table, _ = read_bed(made[0] / "beds" / "L1H1.bed")
    assert set(table["sequence"]) == {WORD}
    assert len(table) == len(starts)
    build_hub([predictions, *made], tmp_path / "hub", genome=path)
    assert "parent motifs_heads on" in (tmp_path / "hub" / "hub.txt").read_text()
    before = (made[0] / "provenance.json").stat().st_mtime_ns
    attended_folders(predictions, tmp_path / "attended", **options)
    assert (made[0] / "provenance.json").stat().st_mtime_ns == before, "what is finished is not done again"


def test_places_are_the_best_calls_and_quiet_bases_downstream(tmp_path: Path) -> None:
    path, starts = planted(tmp_path)
    predictions = write_predictions(tmp_path / "predictions", load_genome(path), starts)
    (tmp_path / "places").mkdir()
    paths = write_places(predictions, "genome", tmp_path / "places", AttendedConfig(called=len(starts)))
    called, quiet = (read_bed(paths[name])[0] for name in ("called", "elsewhere"))
    assert len(called) == len(starts)
    near_start = ((starts["strand"] == "-") & (starts["position"] < 400)).sum()
    assert len(quiet) == len(starts) - 1 - near_start, "the last start has no room downstream"
    with BigWigReader(predictions / "genome.plus.bw") as plus, BigWigReader(predictions / "genome.minus.bw") as minus:
        for row in quiet.itertuples():
            sign = 1 if row.strand == "+" else -1
            value = (plus if sign > 0 else minus).values("chr", row.chromStart, row.chromEnd)[0]
            distances = sign * (row.chromStart - called[called["strand"] == row.strand]["chromStart"].to_numpy())
            assert ((distances >= 100) & (distances < 400)).any()
            assert value < 0.9, "it is no called TSS"
    few = write_places(predictions, "genome", tmp_path / "places", AttendedConfig(called=7))
    assert len(read_bed(few["called"])[0]) == 7
