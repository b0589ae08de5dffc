"""Compare models with other ways to find TSS, on pieces of a genome around TSS drawn at random, or on a whole region.

    python benchmarks/leaderboard.py NC_000913.3.fa.gz curated.bed --region valid -m bacteria-tss -m ecoli-tss \\
        --learn --pieces 60 --peers venv/bin/python --peer promotercalculator

Rivals: the -10/-35 matrices of `tracktools tss promoters` (-35 and -10 alone); the same with the distance to the TSS
and the letters around it, learnt from the training region (--learn); promotercalculator and sigmap, from an environment
that has them. All are scored on the same bases of both strands. Pieces hold more TSS than a genome does, so AP is high:
compare it within the table only. A line per rival: `judged.scores_of`, and CPU-seconds per kilobase of both strands.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from judged import Signals, learn_matrix, scan_placed, scan_promoters, scores_of
from tracktools.answers.promoters import shipped_model
from tracktools.config import PredictConfig
from tracktools.evaluate.model_signal import ModelSignal
from tracktools.evaluate.stretches import part_stretches, whole_stretches
from tracktools.evaluate.tss_sets import TssSet, read_tss
from tracktools.genome import Genome, load_genome
from tracktools.interval import STRANDS, Interval, Strand
from tracktools.splits import paper_split

PAD_BP = 150  # of a piece, to both sides: what the other tools look at besides it
Scored = dict[Strand, np.ndarray]


def pieces_of(tss: TssSet, wanted: Sequence[Interval], count: int, length: int, seed: int) -> list[Interval]:
    """Return pieces of `length`, apart from each other, each with a TSS at a random place in it."""
    rng = np.random.default_rng(seed)
    places = sorted(
        (one.chrom, int(at))
        for one in wanted
        for strand in STRANDS
        for at in tss.get((one.chrom, strand), ())
        if one.start + PAD_BP + length <= at < one.end - PAD_BP - length
    )
    chosen: list[Interval] = []
    for number in rng.permutation(len(places)):
        chrom, at = places[number]
        start = at - int(rng.integers(length))
        if all(other.chrom != chrom or abs(other.start - start) >= length + PAD_BP for other in chosen):
            chosen.append(Interval(chrom, start, start + length))
        if len(chosen) == count:
            break
    return sorted(chosen, key=lambda piece: (piece.chrom, piece.start))


def collect(genome: Genome, pieces: Sequence[Interval], score: Callable[[Interval], Scored]) -> Signals:
    """Return signals that have a value on the pieces alone."""
    signals = {one.name: {s: np.full(len(one), np.nan, dtype=np.float32) for s in STRANDS} for one in genome}
    for piece in pieces:
        for strand, values in score(piece).items():
            signals[piece.chrom][strand][piece.start : piece.end] = values
    return signals


def _letters(codes: np.ndarray) -> str:
    return codes.tobytes().decode().upper()


def peer_signals(genome: Genome, pieces: Sequence[Interval], python: str, tool: str) -> tuple[Signals, float]:
    """Score the pieces by another tool, in its environment; return the CPU-seconds, too."""
    given = [
        {"letters": _letters(genome[one.chrom].letters[one.start - PAD_BP : one.end + PAD_BP]), "pad_bp": PAD_BP}
        for one in pieces
    ]
    made = subprocess.run(
        [python, str(Path(__file__).with_name("peers.py")), tool],
        input=json.dumps(given), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(made.stdout)
    by_piece = {
        piece: {"+": np.array(plus, dtype=np.float32), "-": np.array(minus, dtype=np.float32)}
        for piece, plus, minus in zip(pieces, found["plus"], found["minus"], strict=True)
    }
    return collect(genome, pieces, by_piece.__getitem__), float(found["cpu_s"])


def rivals(
    given: argparse.Namespace, genome: Genome, tss: TssSet, pieces: list[Interval]
) -> Iterator[tuple[str, Signals, float]]:
    """Yield the name of each rival, what it says, and the CPU-seconds that took."""
    for name in given.model:
        started = time.process_time()
        signal = ModelSignal(name, genome, PredictConfig(threads=1), lambda _positions: None)
        made = collect(genome, pieces, lambda one, signal=signal: signal.values(one.chrom, one.start, one.end))
        yield Path(name).stem, made, time.process_time() - started
    shipped, started = shipped_model(), time.process_time()
    scanned = collect(genome, pieces, lambda one: scan_promoters(genome[one.chrom], one.start, one.end, shipped))
    yield "matrices of tss promoters", scanned, time.process_time() - started
    if given.learn:
        source, source_bed = given.learn_from or (given.genome, given.tss)
        teacher = genome if source == given.genome else load_genome(source, circular=["all"])
        sizes = {contig.name: len(contig) for contig in teacher}
        learnt = learn_matrix(
            teacher,
            read_tss(Path(source_bed), sizes)[0],
            part_stretches(teacher, paper_split(teacher.contigs[0]), "train"),
        )
        started = time.process_time()
        scanned = collect(genome, pieces, lambda one: scan_placed(genome[one.chrom], one.start, one.end, learnt))
        yield "matrices with distance and start", scanned, time.process_time() - started
    for tool in given.peer:
        made, cpu_s = peer_signals(genome, pieces, given.peers, tool)
        yield tool, made, cpu_s


def main() -> None:
    """Draw the pieces, score, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("tss", type=Path)
    parser.add_argument("--region", choices=("valid", "whole"), default="whole", help="valid: of NC_000913.3")
    parser.add_argument("-m", "--model", action="append", default=[])
    parser.add_argument(
        "--learn", action="store_true", help="learn distance and letters from the training region of NC_000913.3"
    )
    parser.add_argument("--learn-from", nargs=2, metavar=("GENOME", "TSS"), help="where that region and its TSS are")
    parser.add_argument("--pieces", type=int, default=0, help="0: the whole region")
    parser.add_argument("--piece-bp", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", help="Python of the environment of the other tools")
    parser.add_argument("--peer", action="append", default=[], choices=("promotercalculator", "sigmap"))
    given = parser.parse_args()
    genome = load_genome(given.genome, circular=["all"])
    sizes = {contig.name: len(contig) for contig in genome}
    tss, _ = read_tss(given.tss, sizes)
    pieces = (
        part_stretches(genome, paper_split(genome.contigs[0]), "valid")
        if given.region == "valid"
        else whole_stretches(sizes)
    )
    if given.pieces:
        pieces = pieces_of(tss, pieces, given.pieces, given.piece_bp, given.seed)
    kilobases = sum(map(len, pieces)) / 1000
    columns = ("roc_auc", "ap", "ap_5", "recall")
    print(
        "rival\ttss\tkb\t"
        + "\t".join(f"{name}\t{name}_low\t{name}_high" for name in columns)
        + "\tenrichment\tcpu_s_per_kb",
        flush=True,
    )
    for name, signals, cpu_s in rivals(given, genome, tss, pieces):
        row = scores_of(signals, tss, pieces, given.piece_bp if given.pieces else 10_000)
        numbers = "\t".join(f"{row[key + end]:.4f}" for key in columns for end in ("", "_low", "_high"))
        print(
            f"{name}\t{row['tss']}\t{kilobases:.1f}\t{numbers}\t{row['enrichment']:.1f}\t{cpu_s / kilobases:.5f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
