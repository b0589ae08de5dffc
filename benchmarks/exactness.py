"""How far each engine is from float64 arithmetic, over many real positions.

    python benchmarks/exactness.py [--model ecoli-tss-dilated] [--positions 100000] [--random]

Half of the positions lie on each strand of *E. coli*, from the first base of the test region on. The oracle is the
network as it is trained (of the transformer: dense scores, nothing folded, rotated or left out) in float64, in windows
with their full context. Engines score each strand in one piece. ``--random`` takes weights of gain 1 (every linear map
keeps the size
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

from tracktools import load_model
from tracktools.bundle import CHROM, load_bundle
from tracktools.config import DilatedConfig, NetworkConfig
from tracktools.engine import make_engine
from tracktools.engine.devices import processor_name
from tracktools.engine.interface import Engine
from tracktools.engine.native.dilated import NativeDilatedEngine
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import usable_kernels
from tracktools.model.networks import Network, make_network
from tracktools.model.parameters import parameters_of
from tracktools.model.transformer import Transformer

REGION_START = 2_738_785  # the test region of the published split
WINDOW_BP = 3_125  # about as long as its context, for which the dense scores cost least a position


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="ecoli-tss-dilated", help="by name or checkpoint")
    parser.add_argument("--positions", type=int, default=100_000)
    parser.add_argument("--random", action="store_true", help="random weights of gain 1 in its place")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    model = load_model(options.model).model
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


def random_network(config: NetworkConfig) -> Network:
    """Return the random network of the tests: no weight and no bias at zero, gain 1."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import dilated_networks
    import networks

    dilated = isinstance(config, DilatedConfig)
    network: Network = dilated_networks.random_dilated(config) if dilated else networks.random_network(config)
    return network


def strands(model: Network, strand_bp: int) -> list[np.ndarray]:
    """Return the codes of both strands of the region with their context."""
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    first, last = REGION_START, REGION_START + strand_bp
    mirrored = len(contig) - last
    return [
        contig.strand_codes(first - up, last + down, "+"),
        contig.strand_codes(mirrored - up, mirrored + strand_bp + down, "-"),
    ]


def oracle(model: Network, codes: np.ndarray, strand_bp: int) -> Iterator[np.ndarray]:
    """Yield float64 probabilities, window after window."""
    exact = make_network(model.config).double()
    exact.load_state_dict(model.state_dict())
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    for start in range(0, strand_bp, WINDOW_BP):
        length = min(WINDOW_BP, strand_bp - start)
        window = torch.from_numpy(codes[start : start + up + length + down]).long()
        yield torch.sigmoid(exact(window[None]))[0, up : up + length].numpy()


def engines(model: Network) -> Iterator[tuple[str, Engine]]:
    """Yield what runs here."""
    dilated = not isinstance(model, Transformer)
    for kernel in usable_kernels("dilated" if dilated else "transformer"):
        name = f"native {kernel.name} ({kernel.precision})"
        if isinstance(model, Transformer):
            yield name, NativeEngine(model, kernel=kernel, threads=1)
        else:
            yield name, NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=1)
    yield "torch (exact)", make_engine("torch", model, threads=1)


if __name__ == "__main__":
    main()
