"""How fast, how large and how exact each way to run the network is, beside the arithmetic's own floor.

    python benchmarks/inference.py [--threads 1 2] [--reference CHECKOUT]

Every line is measured in a process of its own, on a stretch of the *E. coli* genome with full context. CPU-seconds are
summed over threads: on a machine that others use too, trust those of one thread, not the wall clock. The floor is the
arithmetic alone, one part after the other, at the best rates of matrix products and exponentials that torch reaches on
this machine in the same minutes. `--reference` times the published code (a checkout of github jdcla/DNA-transformer, no
part of this project) and compares its probabilities.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tracktools.bundle import CHROM, load_bundle
from tracktools.engine import describe_engines
from tracktools.engine.devices import available_threads, processor_name
from tracktools.engine.interface import Engine
from tracktools.engine.native.engine import NativeEngine
from tracktools.engine.native.library import usable_kernels
from tracktools.engine.torch_engine import TorchEngine
from tracktools.genome import Genome
from tracktools.model.registry import load_model
from tracktools.model.transformer import Transformer

REGION_START = 2_738_785  # the test region of the published split
ORACLE_BP = 2000  # what is compared with float64; its dense scores take 1 GB
GENOME_POSITIONS = 2 * 4_641_652

FLOP_PER_POSITION = 6 * 2 * 430_080  # convolution, content, position, values, projection: multiply and add
EXP_PER_POSITION = 6 * 6 * 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="ecoli-tss", help="name or checkpoint (default: %(default)s)")
    parser.add_argument("--positions", type=int, default=131_072, help="network positions a repeat")
    parser.add_argument("--repeats", type=int, default=3, help="the median is reported")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--reference", type=Path, help="checkout of the published code")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(run_case(json.loads(options.case), options)))
        return
    floors = measure(options, {"kind": "floor"})
    print(f"{processor_name()}, {available_threads()} threads; torch {torch.__version__}; {time.strftime('%Y-%m-%d')}")
    print(
        f"float32 products {floors['gemm_float32']:.0f} GFLOP/s, bfloat16 {floors['gemm_bfloat16']:.0f} GFLOP/s, "
        f"exponentials {floors['exp']:.1f} G/s: floors of {floors['exact']:,.0f} (exact) "
        f"and {floors['fast']:,.0f} (fast) positions per CPU-second\n"
    )
    print_table(options, floors)


def print_table(options: argparse.Namespace, floors: dict[str, float]) -> None:
    columns = ("engine", "precision", "threads", "positions/CPU-s", "of floor", "positions/s", "genome [CPU-s]")
    print(f"| {' | '.join(columns)} | peak MB | max dp |")
    print("|---" * (len(columns) + 2) + "|")
    cases = [
        {
            "kind": "engine",
            "engine": row.engine,
            "kernel": row.instruction_set,
            "precision": row.precision,
            "threads": n,
        }
        for row in describe_engines()
        if row.usable and row.instruction_set != "cuda"
        for n in options.threads
    ]
    if options.reference:
        cases.append(
            {"kind": "reference", "engine": "published code", "kernel": "", "precision": "exact", "threads": 1}
        )
    for case in cases:
        result = measure(options, case)
        cpu_rate = result["positions_per_cpu_s"]
        print(
            f"| {case['engine']} {case['kernel']} | {case['precision']} | {case['threads']} | {cpu_rate:,.0f} "
            f"| {cpu_rate / floors[case['precision']]:.0%} | {result['positions_per_s']:,.0f} "
            f"| {GENOME_POSITIONS / cpu_rate:,.0f} | {result['peak_mb']:,.0f} | {result['max_error']:.1e} |",
            flush=True,
        )


def measure(options: argparse.Namespace, case: dict[str, Any]) -> dict[str, float]:
    """Run one case in a process of its own, so that its memory and its threads are its own."""
    command = [sys.executable, __file__, "--model", options.model, "--positions", str(options.positions)]
    command += ["--repeats", str(options.repeats), "--case", json.dumps(case)]
    if options.reference:
        command += ["--reference", str(options.reference)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def run_case(case: dict[str, Any], options: argparse.Namespace) -> dict[str, float]:
    torch.set_grad_enabled(False)
    torch.set_num_threads(case.get("threads", 1))
    if case["kind"] == "floor":
        return measure_floors()
    model, genome = load_model(options.model).model, load_bundle().load_genome()
    if case["kind"] == "reference":
        return time_reference(model, genome, options)
    return time_engine(engine_of(case, model), model, genome, options)


def engine_of(case: dict[str, Any], model: Transformer) -> Engine:
    if case["engine"] == "torch":
        return TorchEngine(model, threads=case["threads"])
    (kernel,) = (kernel for kernel in usable_kernels() if kernel.name == case["kernel"])
    return NativeEngine(model, kernel=kernel, threads=case["threads"])


def time_engine(engine: Engine, model: Transformer, genome: Genome, options: argparse.Namespace) -> dict[str, float]:
    up, down = model.config.halo_upstream_bp, model.config.halo_downstream_bp
    (contig,) = (contig for contig in genome if contig.name == CHROM)
    codes = contig.strand_codes(REGION_START - up, REGION_START + options.positions + down, "+")
    engine.probabilities(codes[: up + 1000], up, up + 1000)  # warm
    result = time_it(lambda: engine.probabilities(codes, up, up + options.positions), options)
    short = codes[:ORACLE_BP]
    expected = float64_probabilities(model, short)
    return {**result, "max_error": float(np.abs(engine.probabilities(short, 0, ORACLE_BP) - expected).max())}


def time_it(run: Callable[[], object], options: argparse.Namespace) -> dict[str, float]:
    cpu, wall = [], []
    for _ in range(options.repeats):
        cpu_start, wall_start = time.process_time(), time.perf_counter()
        run()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    return {
        "positions_per_cpu_s": options.positions / statistics.median(cpu),
        "positions_per_s": options.positions / statistics.median(wall),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def float64_probabilities(model: Transformer, codes: np.ndarray) -> np.ndarray:
    exact = Transformer(model.config).double()
    exact.load_state_dict(model.state_dict())
    return torch.sigmoid(exact(torch.from_numpy(codes).long()[None]))[0].numpy()


def measure_floors() -> dict[str, float]:
    """Return the best rates [1e9/s] and what they allow [positions/s]."""
    x, kernel = torch.randn(1, 32, 1, 4102), torch.randn(768, 32, 1, 7)
    last = {"memory_format": torch.channels_last}
    convolution_flop, product_flop = 2 * 4096 * 224 * 768, 2 * 2048**3
    rates = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, states, weights = torch.randn(2048, 2048).to(dtype), x.to(dtype, **last), kernel.to(dtype, **last)
        rates[f"gemm_{str(dtype).removeprefix('torch.')}"] = max(
            best_rate(lambda a=a: a @ a, product_flop),
            best_rate(lambda s=states, w=weights: torch.nn.functional.conv2d(s, w), convolution_flop),
        )
    scores = torch.zeros(1 << 17)  # stays in the L2 cache
    rates["exp"] = best_rate(lambda: torch.exp2(scores, out=torch.empty_like(scores)), scores.numel())
    for precision, products in (("exact", "gemm_float32"), ("fast", "gemm_bfloat16")):
        seconds = FLOP_PER_POSITION / rates[products] / 1e9 + EXP_PER_POSITION / rates["exp"] / 1e9
        rates[precision] = 1 / seconds
    return rates


def best_rate(run: Callable[[], object], work: int, seconds: float = 1.0) -> float:
    best, started = 0.0, time.process_time()
    while time.process_time() - started < seconds:
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
    cpu, wall = (
        statistics.median(times) for times in zip(*batch[2:], strict=True)
    )  # memory is full from the second on
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    one = letters[:ORACLE_BP, None]
    _, (probabilities,), *_ = published(one, one.clamp(max=1))
    error = np.abs(probabilities[:, 1] - float64_probabilities(model, codes[:ORACLE_BP])).max()
    rates = {"positions_per_cpu_s": 5120 / cpu, "positions_per_s": 5120 / wall}
    return {**rates, "peak_mb": peak_mb, "max_error": float(error)}


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
