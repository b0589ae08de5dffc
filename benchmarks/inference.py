"""How fast, how large and how exact each way to run each network is, next to the arithmetic's own floor.

    python benchmarks/inference.py [--model ecoli-tss-dilated ecoli-tss] [--threads 1 2] [--reference CHECKOUT]

Every line is measured in a process of its own, on a stretch of the *E. coli* genome with full context: the floor and
the engine take turns, and the best of each counts. CPU-seconds are summed over threads: on a machine that others use
too, trust those of one thread, not the wall clock. The floor is the arithmetic alone at the best rates that torch
reaches on this machine in the same seconds: of matrix products, and for the transformer of exponentials after them; the
GELU of the convolutional network is not in its floor. `--isa avx2` limits torch to AVX2, for a comparison with it.
`--reference` times the published code (a checkout of github jdcla/DNA-transformer, no part of this project) and
compares its probabilities.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tracktools import load_model
from tracktools.bundle import CHROM, load_bundle
from tracktools.config import DilatedConfig, ModelConfig, NetworkConfig
from tracktools.engine import describe_engines
from tracktools.engine.devices import available_threads, processor_name
from tracktools.engine.dilated_engine import DilatedEngine
from tracktools.engine.interface import Engine
from tracktools.engine.native.dilated import NativeDilatedEngine
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import KERNELS
from tracktools.engine.torch_engine import TorchEngine
from tracktools.genome import Genome
from tracktools.model.networks import Network, make_network
from tracktools.model.parameters import parameters_of
from tracktools.model.transformer import Transformer

REGION_START = 2_738_785  # the test region of the published split
ORACLE_BP = 2000  # what is compared with float64; dense scores of the transformer take 1 GB
GENOME_POSITIONS = 2 * 4_641_652
FLOOR_S = 0.3  # CPU time that each rate of the floor is measured for, each turn
PRODUCTS = {"exact": "gemm_float32", "fast": "gemm_bfloat16"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["ecoli-tss-dilated", "ecoli-tss"], help="names or checkpoints")
    parser.add_argument("--positions", type=int, default=131_072, help="network positions a turn")
    parser.add_argument("--repeats", type=int, default=5, help="turns; the best is reported")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--isa", choices=["avx2"], help="the instructions that torch may use")
    parser.add_argument("--reference", type=Path, help="checkout of the published code")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(run_case(json.loads(options.case), options)))
        return
    print(f"{processor_name()}, {available_threads()} threads; torch {torch.__version__}; {time.strftime('%Y-%m-%d')}")
    for model in options.model:
        print_table(options, model)


def print_table(options: argparse.Namespace, model: str) -> None:
    config = load_model(model).model.config
    flop, exponentials = work_of(config)
    network = "dilated" if isinstance(config, DilatedConfig) else "transformer"
    print(f"\n{model}: {flop / 1e6:.2f} MFLOP and {exponentials:,} exponentials a position\n")
    columns = (
        "engine",
        "precision",
        "threads",
        "positions/CPU-s",
        "floor",
        "of floor",
        "positions/s",
        "genome [CPU-s]",
    )
    print(f"| {' | '.join(columns)} | peak MB | max dp |")
    print("|---" * (len(columns) + 2) + "|")
    cases = [
        {"kind": row.engine, "kernel": row.instruction_set, "precision": row.precision, "threads": n}
        for row in describe_engines()
        if row.usable and row.instruction_set != "cuda" and network in row.networks
        for n in options.threads
    ]
    if options.reference and network == "transformer":
        cases.append({"kind": "published code", "kernel": "", "precision": "exact", "threads": 1})
    for case in cases:
        result = measure(options, {**case, "model": model})
        cpu_rate, floor = result["positions_per_cpu_s"], result["floor"]
        print(
            f"| {case['kind']} {case['kernel']} | {case['precision']} | {case['threads']} | {cpu_rate:,.0f} "
            f"| {floor:,.0f} | {cpu_rate / floor:.0%} | {result['positions_per_s']:,.0f} "
            f"| {GENOME_POSITIONS / cpu_rate:,.0f} | {result['peak_mb']:,.0f} | {result['max_error']:.1e} |",
            flush=True,
        )


def work_of(config: NetworkConfig) -> tuple[int, int]:
    """Return floating-point operations (a multiplication and an addition are two) and exponentials of a position."""
    if isinstance(config, DilatedConfig):
        layers = len(config.dilations_bp) * (config.conv_width_bp + 1) * config.n_channels**2
        return 2 * config.n_members * layers, 0  # the stem is a table
    assert isinstance(config, ModelConfig)
    heads, keys, width = config.n_heads, config.attention_window_bp, config.d_head
    convolution = 3 * heads * width * config.d_model * config.conv_width_bp
    macs = convolution + 3 * heads * keys * width + heads * width * config.d_model  # content, position, values; back
    return 2 * config.n_layers * macs, config.n_layers * heads * keys


def measure(options: argparse.Namespace, case: dict[str, Any]) -> dict[str, float]:
    """Run one case in a process of its own, so that its memory and its threads are its own."""
    command = [sys.executable, __file__, "--positions", str(options.positions)]
    command += ["--repeats", str(options.repeats), "--case", json.dumps(case)]
    if options.reference:
        command += ["--reference", str(options.reference)]
    held = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"} if options.isa else {}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **held})
    result: dict[str, float] = json.loads(done.stdout)
    return result


def run_case(case: dict[str, Any], options: argparse.Namespace) -> dict[str, float]:
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    model, genome = load_model(case["model"]).model, load_bundle().load_genome()
    if case["kind"] == "published code":
        assert isinstance(model, Transformer)
        return time_reference(model, genome, options)
    return time_engine(engine_of(case, model), model, genome, options)


def engine_of(case: dict[str, Any], model: Network) -> Engine:
    threads = case["threads"]
    kernel = next((kernel for kernel in KERNELS if kernel.name == case["kernel"]), None)
    if isinstance(model, Transformer):
        if case["kind"] == "torch" or kernel is None:
            return TorchEngine(model, threads=threads)
        return NativeEngine(model, kernel=kernel, threads=threads)
    if case["kind"] == "torch" or kernel is None:
        return DilatedEngine(model, threads=threads)
    return NativeDilatedEngine(parameters_of(model), kernel=kernel, threads=threads)


def time_engine(engine: Engine, model: Network, genome: Genome, options: argparse.Namespace) -> dict[str, float]:
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    (contig,) = (contig for contig in genome if contig.name == CHROM)
    codes = contig.strand_codes(REGION_START - up, REGION_START + options.positions + down, "+")
    engine.probabilities(codes, up, up + options.positions)  # warm
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rates = take_turns(lambda: engine.probabilities(codes, up, up + options.positions), engine, model, options)
    short = codes[:ORACLE_BP]
    error = np.abs(engine.probabilities(short, 0, ORACLE_BP) - float64_probabilities(model, short)).max()
    return {**rates, "peak_mb": peak_mb, "max_error": float(error)}


def take_turns(
    run: Callable[[], object], engine: Engine, model: Network, options: argparse.Namespace
) -> dict[str, float]:
    """Return the best rates of the engine and of the floor."""
    cpu, wall, rates = [], [], {}
    for _ in range(options.repeats):
        for name, rate in measure_rates(engine.precision).items():
            rates[name] = max(rate, rates.get(name, 0))
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        run()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    return {
        "positions_per_cpu_s": options.positions / min(cpu),
        "positions_per_s": options.positions / min(wall),
        "floor": floor_of(model.config, rates, engine.precision),
    }


def floor_of(config: NetworkConfig, rates: dict[str, float], precision: str) -> float:
    flop, exponentials = work_of(config)
    return 1e9 / (flop / rates[PRODUCTS[precision]] + exponentials / rates["exp"])


def float64_probabilities(model: Network, codes: np.ndarray) -> np.ndarray:
    exact = make_network(model.config).double()
    exact.load_state_dict(model.state_dict())
    return torch.sigmoid(exact(torch.from_numpy(codes).long()[None]))[0].numpy()


def measure_rates(precision: str) -> dict[str, float]:
    """Return the best rates of products and exponentials [1e9/s]."""
    dtype = torch.float32 if precision == "exact" else torch.bfloat16
    last = {"memory_format": torch.channels_last}
    x, kernel = torch.randn(1, 32, 1, 4102).to(dtype, **last), torch.randn(768, 32, 1, 7).to(dtype, **last)
    a, scores = torch.randn(2048, 2048).to(dtype), torch.zeros(1 << 17)  # which stays in the L2 cache
    products = max(
        best_rate(lambda: a @ a, 2 * 2048**3),
        best_rate(lambda: torch.nn.functional.conv2d(x, kernel), 2 * 4096 * 224 * 768),
    )
    out = torch.empty_like(scores)
    return {PRODUCTS[precision]: products, "exp": best_rate(lambda: torch.exp2(scores, out=out), scores.numel())}


def best_rate(run: Callable[[], object], work: int) -> float:
    best, started = 0.0, time.process_time()
    while time.process_time() - started < FLOOR_S:
        before = time.process_time()
        for _ in range(4):
            run()
        best = max(best, 4 * work / (time.process_time() - before) / 1e9)
    return best


def time_reference(model: Transformer, genome: Genome, options: argparse.Namespace) -> dict[str, float]:
    """Time the published evaluation step (10 streams of 512, as much memory); compare one segment's probabilities."""
    published = load_reference(model, options.reference)
    (contig,) = (contig for contig in genome if contig.name == CHROM)
    codes = contig.strand_codes(REGION_START, REGION_START + 5120 * (options.repeats + 2), "+")
    letters = torch.tensor([0, 2, 3, 1])[torch.from_numpy(codes).long()]  # its alphabet is A, T, C, G
    streams, batch = letters.view(10, -1).t(), []  # (L, 10)
    published.same_length = True
    published.reset_length(512, 512, 0)
    memory: list[torch.Tensor] = []
    for start in range(0, len(streams), 512):
        data = streams[start : start + 512].contiguous()
        before = time.process_time(), time.perf_counter()
        _, _, _, *memory = published(data, data.clamp(max=1), *memory)
        batch.append((time.process_time() - before[0], time.perf_counter() - before[1]))
    cpu, wall = (min(times) for times in zip(*batch[2:], strict=True))  # memory is full from the second on
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    one = letters[:ORACLE_BP, None]
    _, (probabilities,), *_ = published(one, one.clamp(max=1))
    error = np.abs(probabilities[:, 1] - float64_probabilities(model, codes[:ORACLE_BP])).max()
    rates = {"positions_per_cpu_s": 5120 / cpu, "positions_per_s": 5120 / wall}
    floor = floor_of(model.config, measure_rates("exact"), "exact")
    return {**rates, "floor": floor, "peak_mb": peak_mb, "max_error": float(error)}


def load_reference(model: Transformer, checkout: Path) -> Any:
    """Return the published module with the weights of `model`."""
    sys.path.insert(0, str(checkout))
    from mem_transformer import MemTransformerLM

    c = model.config
    published = MemTransformerLM(
        4, 2, c.n_layers, c.n_heads, c.d_model, c.d_head, 256, 0.0, 0.0, conv_size=c.conv_width_bp, tie_weight=False,
        tgt_len=512, mem_len=0, ext_ds=0,
    )  # fmt: skip
    renamed = {
        "content_bias": "r_w_bias", "position_bias": "r_r_bias", "embedding": "word_emb.emb_layers.0.weight",
        "qkv": "dec_attn.qkv_net", "conv_": "dec_attn.motif_net_", "relative": "dec_attn.r_net",
        "out.": "dec_attn.o_net.", "norm": "dec_attn.layer_norm", "output": "out_layer",
    }  # fmt: skip
    state = published.state_dict()
    for name, tensor in model.state_dict().items():
        tail = name.split(".", 2)[-1] if name.startswith("layers.") else name
        old, new = next((old, new) for old, new in renamed.items() if tail.startswith(old))
        target = name.removesuffix(tail) + tail.replace(old, new, 1)
        assert target in state, target
        state[target] = tensor[[0, 3, 1, 2]] if name == "embedding" else tensor
    published.load_state_dict(state)
    return published.eval()


if __name__ == "__main__":
    main()
