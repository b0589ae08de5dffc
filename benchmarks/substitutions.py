"""CPU time of substitutions: around TSS, and at every base, by each native kernel and model.

    python benchmarks/substitutions.py [--model ecoli-tss-dilated bacteria-tss] [--sites 50] [--bases 2000]

TSS: evenly spaced bases of *E. coli*, which cost what TSS cost: 11 outputs around each, by the
substitutions of the bases -100 to +20, as `mutate --at` has them. Every base: both strands, all outputs that see it, as
`mutate --all` has it. One thread. Prints CPU-seconds, also for 1,000 TSS and for the whole of *E. coli*.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tracktools import load_model
from tracktools.blocks import Block, Piece
from tracktools.bundle import CHROM, load_bundle
from tracktools.config import MutateConfig, PredictConfig
from tracktools.engine.devices import processor_name
from tracktools.engine.host import set_to_host
from tracktools.engine.native.dilated import NativeDilatedEngine
from tracktools.engine.native.library import usable_kernels
from tracktools.mutate.all_effects import block_effects
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, site_effects

START = 3_700_000  # within the validation region


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["ecoli-tss-dilated", "bacteria-tss"])
    parser.add_argument("--sites", type=int, default=50)
    parser.add_argument("--bases", type=int, default=2_000)
    options = parser.parse_args()
    genome = load_bundle().load_genome()
    number = next(n for n, contig in enumerate(genome) if contig.name == CHROM)
    print(f"{processor_name()}; {time.strftime('%Y-%m-%d')}; one thread")
    print("\n| model, kernel | ms a TSS | CPU-s, 1,000 TSS | ms a base | core-hours, E. coli |\n|---|---|---|---|---|")
    for name in options.model:
        model = set_to_host(load_model(name), genome)
        for kernel in usable_kernels("dilated"):
            scoring = Scoring(genome, model, PredictConfig(threads=1))
            scoring.__dict__["engine"] = NativeDilatedEngine(model.parameters, kernel=kernel, threads=1)
            site_s = around_sites(scoring, number, options.sites)
            base_s = at_every_base(scoring, number, options.bases)
            hours = base_s * len(genome.contigs[number]) / 3600
            row = (f"{name}, {kernel.name}", f"{1e3 * site_s:.1f}", f"{1e3 * site_s:.0f}", f"{1e3 * base_s:.2f}")
            print(f"| {' | '.join(row)} | {hours:.2f} |", flush=True)


def around_sites(scoring: Scoring, number: int, n_sites: int) -> float:
    """Return the CPU time of one TSS [s]."""
    contig = scoring.genome.contigs[number]
    places = np.linspace(START, START + 400_000, n_sites, dtype=np.int64).tolist()
    sites = [Site(contig, place, "+" if i % 2 else "-") for i, place in enumerate(places)]
    started = time.process_time()
    for _ in site_effects(sites, scoring, MutateConfig()):
        pass
    return (time.process_time() - started) / n_sites


def at_every_base(scoring: Scoring, number: int, n_bases: int) -> float:
    """Return the CPU time of one base [s]."""
    started = time.process_time()
    block_effects(Block(0, (Piece(number, "+", START, START + n_bases),)), scoring)
    return (time.process_time() - started) / n_bases


if __name__ == "__main__":
    main()
