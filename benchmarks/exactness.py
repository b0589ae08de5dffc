"""How far each engine is from float64 arithmetic, over many real positions.

    python benchmarks/exactness.py [--model ecoli-tss] [--positions 100000] [--random]

Half of the positions lie on each strand of *E. coli*, from the first base of the test region on. The oracle is the
network as it is trained (dense scores, nothing folded, rotated or left out) in float64, in windows with their full
context. Engines score each strand in one piece. ``--random`` takes weights of gain 1 (every linear map keeps the size
of what it is given), with which errors grow more than with trained ones. Prints the largest and the mean difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from tracktools.bundle import CHROM, load_bundle
from tracktools.config import ModelConfig
from tracktools.engine.devices import processor_name
from tracktools.engine.interface import Engine
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import usable_kernels
from tracktools.engine.torch_engine import TorchEngine
from tracktools.model.registry import load_model
from tracktools.model.transformer import Transformer

REGION_START = 2_738_785  # the test region of the published split
WINDOW_BP = 3_125  # about as long as its context, for which the dense scores cost least a position


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="ecoli-tss", help="a transformer, by name or checkpoint")
    parser.add_argument("--positions", type=int, default=100_000)
    parser.add_argument("--random", action="store_true", help="random weights of gain 1 in its place")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    model = load_model(options.model).model
    assert isinstance(model, Transformer)
    if options.random:
        model = random_network(model.config)
    strand_bp = options.positions // 2
    codes = strands(model, strand_bp)
    expected = np.concatenate([np.concatenate(list(oracle(model, strand, strand_bp))) for strand in codes])
    print(f"{processor_name()}; {time.strftime('%Y-%m-%d')}; {expected.size:,} positions, p up to {expected.max():.3f}")
    print("\n| engine | max dp | mean dp |\n|---|---|---|")
    up = model.config.halo_upstream_bp
    for name, engine in engines(model):
        found = np.concatenate([engine.probabilities(strand, up, up + strand_bp) for strand in codes])
        error = np.abs(found - expected)
        print(f"| {name} | {error.max():.1e} | {error.mean():.1e} |", flush=True)


def random_network(config: ModelConfig) -> Transformer:
    """Return the random network of the tests: no weight and no bias at zero, gain 1."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import networks

    network: Transformer = networks.random_network(config)
    return network


def strands(model: Transformer, strand_bp: int) -> list[np.ndarray]:
    """Return the codes of both strands of the region with their context."""
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    first, last = REGION_START, REGION_START + strand_bp
    mirrored = len(contig) - last
    return [
        contig.strand_codes(first - up, last + down, "+"),
        contig.strand_codes(mirrored - up, mirrored + strand_bp + down, "-"),
    ]


def oracle(model: Transformer, codes: np.ndarray, strand_bp: int) -> Iterator[np.ndarray]:
    """Yield float64 probabilities, window after window."""
    exact = Transformer(model.config).double()
    exact.load_state_dict(model.state_dict())
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    for start in range(0, strand_bp, WINDOW_BP):
        length = min(WINDOW_BP, strand_bp - start)
        window = torch.from_numpy(codes[start : start + up + length + down]).long()
        yield torch.sigmoid(exact(window[None]))[0, up : up + length].numpy()


def engines(model: Transformer) -> Iterator[tuple[str, Engine]]:
    """Yield what runs here."""
    for kernel in usable_kernels():
        yield f"native {kernel.name} ({kernel.precision})", NativeEngine(model, kernel=kernel, threads=1)
    yield "torch (exact)", TorchEngine(model, threads=1)


if __name__ == "__main__":
    main()
