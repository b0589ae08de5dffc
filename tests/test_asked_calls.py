"""What the user asks to be called: at a threshold, or the highest so many; also from shards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs import GENOME, checkpoint_of, files_of, settings_of
from tracktools.calls import call_positions
from tracktools.config import PredictConfig
from tracktools.errors import ConfigError
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import BigWigReader
from tracktools.predict import Shard, merge_shards, predict_genome, predict_shard
from tracktools.predict.asked_calls import AskedCalls


def asking(**asked: Any) -> PredictConfig:
    return replace(settings_of(), **asked)


def predicted(output: Path, **asked: Any) -> Path:
    return predict_genome(GENOME, output, model=checkpoint_of(), config=asking(**asked)).called_tss


def every_maximum(folder: Path) -> list[float]:
    """Heights of all local maxima, read back from the bigWigs: the highest first."""
    heights: list[float] = []
    for word, strand in (("plus", "+"), ("minus", "-")):
        with BigWigReader(folder / f"three.{word}.bw") as reader:
            for contig in GENOME:
                if contig.name not in reader.chrom_sizes:
                    continue
                values = reader.values(contig.name, 0, len(contig))
                at = np.flatnonzero(np.isfinite(values))
                chosen = call_positions(at, values[at], strand, length=len(contig), circular=contig.circular)  # type: ignore[arg-type]
                heights += values[at][chosen].tolist()
    return sorted(heights, reverse=True)


@pytest.mark.parametrize("n", [1, 40, 10**6])
def test_the_top_are_the_highest_of_all_maxima(tmp_path: Path, n: int) -> None:
    calls = predicted(tmp_path / "out", top=str(n))
    found = sorted(read_bed(calls)[0]["modelOutput"].astype(float), reverse=True)
    assert found == pytest.approx(every_maximum(tmp_path / "out")[:n], rel=1e-6)
    said = "local maxima" in (tmp_path / "out" / "provenance.json").read_text()
    assert said == (n > len(found))


def test_the_top_of_each_million_bases(tmp_path: Path) -> None:
    bases = sum(map(len, GENOME)) / 1e6
    table, _ = read_bed(predicted(tmp_path / "out", top="10000/Mb"))
    assert len(table) == pytest.approx(10_000 * bases, rel=0.02)  # a few bases of each contig are not scored


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_threshold_calls_what_is_at_or_above_it(tmp_path: Path, share: float) -> None:
    predicted(tmp_path / "all", threshold=0.1)
    heights = every_maximum(tmp_path / "all")
    threshold = heights[int(share * len(heights))]
    found = sorted(read_bed(predicted(tmp_path / "out", threshold=threshold))[0]["modelOutput"].astype(float))
    assert found == pytest.approx(sorted(height for height in heights if height >= threshold), rel=1e-6)
    assert 0 < len(found) < len(heights)


def test_files_say_what_was_asked_for(tmp_path: Path) -> None:
    first = predicted(tmp_path / "a", threshold=0.6).read_text().splitlines()[0]
    assert "called at 0.6 (threshold 0.6 asked for)" in first
    assert "(the 20 highest asked for)" in predicted(tmp_path / "b", top="20").read_text().splitlines()[0]
    assert "at or above 0.6" in (tmp_path / "a" / "tracks.tsv").read_text()


def test_shards_join_to_the_same_bytes(tmp_path: Path) -> None:
    predicted(tmp_path / "whole", top="25")
    shards = [tmp_path / f"s{number}" for number in (1, 2)]
    for number, folder in enumerate(shards, start=1):
        predict_shard(GENOME, folder, Shard(number, 2), model=checkpoint_of(), config=asking(top="25"))
    merge_shards(shards, tmp_path / "merged")
    assert files_of(tmp_path / "merged") == files_of(tmp_path / "whole")


def test_expected_precision_of_what_is_below_all_experience_is_unknown(tmp_path: Path) -> None:
    predicted(tmp_path / "all", threshold=0.1)
    heights = every_maximum(tmp_path / "all")
    middle = len(heights) // 2
    floor = (heights[middle] + heights[middle + 1]) / 2  # between two heights: BED has eight digits
    rise = {"output": [floor, 1.0], "precision": [0.4, 1.0], "low": [0.2, 0.9], "high": [0.5, 1.0], "target": 0.6}
    model = checkpoint_of()
    model = replace(model, metadata=replace(model.metadata, expected_precision=rise, split=[]))
    made = predict_genome(GENOME, tmp_path / "out", model=model, config=asking(threshold=0.1))
    table, _ = read_bed(made.called_tss)
    low = table["modelOutput"] < floor
    assert low.any()
    assert (~low).any()
    assert table.loc[low, "expectedPrecision"].isna().all()
    assert table.loc[~low, "expectedPrecision"].notna().all()


@pytest.mark.parametrize(
    ("threshold", "top", "said"),
    [
        (0.5, "10", "exclude each other"),
        (0.0, "", "above 0 and at most 1"),
        (1.5, "", "above 0 and at most 1"),
        (float("nan"), "", "above 0 and at most 1"),
        (None, "many", "write a number of calls"),
        (None, "-5", "write a number of calls"),
        (None, "0", "above 0"),
        (None, "2.5", "write a number of calls"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(threshold: float | None, top: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        AskedCalls.parse(threshold, top)
