"""What a second strain of a species costs where answers are kept (`predict --cache`), compared with the plain run.

    python benchmarks/strains.py [--bases 1000000] [--threads 1]

The first strain is a stretch of *E. coli*; the others are made from it: the same, substitutions at a share of the
bases, or rearrangements (stretches cut out and put in elsewhere, every second one turned round). Every strain is
scored whole, both strands, once with a cache that contains the first alone and once without; the answers must be equal
byte by byte. CPU-seconds are of scoring alone.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracktools import load_model
from tracktools.blocks import plan_blocks
from tracktools.bundle import CHROM, load_bundle
from tracktools.config import PredictConfig
from tracktools.engine import make_engine
from tracktools.engine.devices import processor_name
from tracktools.engine.grid import score_block
from tracktools.engine.interface import Engine
from tracktools.engine.kept_answers import KeepingEngine
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint

COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", type=int, default=4_641_652)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    checkpoint = load_model("ecoli-tss-dilated")
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    letters = contig.letters[: options.bases]
    engine = make_engine("native", checkpoint.parameters, threads=options.threads)
    print(f"{processor_name()}, {engine.instruction_set}, {len(letters):,} bases; {time.strftime('%Y-%m-%d')}\n")
    print("| strain | plain [CPU-s] | with the cache [CPU-s] | share | positions computed |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "first")
        seconds, _ = score(letters, keeping(engine, checkpoint, first), checkpoint)
        print(f"| the first, into an empty cache | | {seconds:.1f} | | 100.0 % |", flush=True)
        for number, (name, strain) in enumerate(strains(letters)):
            cache = Path(shutil.copytree(first, Path(folder, str(number))))
            plain_s, expected = score(strain, engine, checkpoint)
            kept = keeping(engine, checkpoint, cache)
            kept_s, found = score(strain, kept, checkpoint)
            if found != expected:
                raise SystemExit(f"{name}: the answers differ")
            share = kept.computed_bp / kept.asked_bp
            print(f"| {name} | {plain_s:.1f} | {kept_s:.1f} | {kept_s / plain_s:.0%} | {share:.1%} |", flush=True)


def keeping(engine: Engine, checkpoint: Checkpoint, folder: Path) -> KeepingEngine:
    return KeepingEngine(engine, checkpoint.config, folder, checkpoint.parameters.sha256)


def score(letters: np.ndarray, engine: Engine, checkpoint: Checkpoint) -> tuple[float, bytes]:
    """Return the CPU-seconds of a strain, both strands, and all its answers."""
    genome, network = Genome("strain", (Contig("chr", letters, circular=True),)), checkpoint.config
    started, answers = time.process_time(), []
    for block in plan_blocks(genome, PredictConfig.block_bp, network):
        answers.append(score_block(block, genome, engine, network).tobytes())
    if isinstance(engine, KeepingEngine):
        engine.store.write()
    return time.process_time() - started, b"".join(answers)


def strains(letters: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "the same", letters
    for share in (0.001, 0.01, 0.03):
        yield f"{share:.1%} substituted", substituted(letters, share)
    yield "300 rearrangements", rearranged(letters, 300)


def substituted(letters: np.ndarray, share: float) -> np.ndarray:
    generator, changed = np.random.default_rng(1), letters.copy()
    at = np.flatnonzero(generator.random(len(letters)) < share)
    codes = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), changed[at])
    changed[at] = np.frombuffer(b"ACGT", np.uint8)[(codes + generator.integers(1, 4, len(at))) % 4]
    return changed


def rearranged(letters: np.ndarray, number: int) -> np.ndarray:
    generator, text = np.random.default_rng(2), letters.tobytes()
    for event in range(number):
        length, start = int(generator.integers(500, 5000)), int(generator.integers(len(text) - 5000))
        moved, rest = text[start : start + length], text[:start] + text[start + length :]
        to = int(generator.integers(len(rest)))
        moved = moved[::-1].translate(COMPLEMENT) if event % 2 else moved
        text = rest[:to] + moved + rest[to:]
    return np.frombuffer(text, np.uint8)


if __name__ == "__main__":
    main()
