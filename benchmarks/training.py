"""How much faster a training step is here than in the published code, on one thread, in CPU-seconds.

    python benchmarks/training.py --reference CHECKOUT [--repeats 6]

CHECKOUT is a copy of github jdcla/DNA-transformer, no part of this project; what stops it on today's numpy is fixed
in memory. The steps of all ways take turns, so that a busy machine is busy for all of them; medians are reported. A
step is 5,120 positions: forward, backward, clipping, Adam. ``like for like`` is the published step, 10 windows of 512
bases of which every position is scored; ``tracktools train`` is what the default recipe does, data included. First the
gradients of the two networks are compared, for one batch, without dropout and by cross-entropy: the published focal
loss lets no gradient through its weight.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from inference import load_reference
from tracktools.bundle import load_bundle
from tracktools.config import ModelConfig, TrainConfig
from tracktools.engine.devices import processor_name
from tracktools.model.transformer import Transformer
from tracktools.splits import paper_split
from tracktools.train.loop import Trainer, focal_loss, native_precision
from tracktools.train.split_options import receptive_field_bp
from tracktools.train.windows import TrainingWindows, training_stretches

STREAMS, SEGMENT_BP = 10, 512
POSITIONS = STREAMS * SEGMENT_BP
GAMMA, CLIP, DROPOUT = 0.8, 0.25, 0.1
PUBLISHED_LETTERS = torch.tensor([0, 2, 3, 1])  # its alphabet is A, T, C, G


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="checkout of the published code")
    parser.add_argument("--repeats", type=int, default=6, help="steps of each way (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Transformer(ModelConfig())
    published = load_reference(model, options.reference)
    criterion = load_criterion()
    print(f"{processor_name()}; torch {torch.__version__}; one thread; {time.strftime('%Y-%m-%d')}")
    print(f"largest relative difference of a gradient: {gradient_difference(model, published):.1e}\n")
    precision = native_precision()
    ways: dict[str, Callable[[int], object]] = {
        "published code": published_step(published, criterion),
        f"like for like, {precision}": our_step(model, precision),
        f"tracktools train, {precision}": recipe_step(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for step in range(options.repeats + 1):
        for name, way in ways.items():
            before = time.process_time()
            way(step)
            if step:  # the first warms up
                seconds[name].append(time.process_time() - before)
    report({name: POSITIONS / statistics.median(times) for name, times in seconds.items()})


def report(rates: dict[str, float]) -> None:
    slowest = rates["published code"]
    print("| step | positions per CPU-second | times the published code |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:,.0f} | {rate / slowest:.1f} |")


def load_criterion() -> Any:
    """Return the published loss; it asks numpy for names that are gone, which are given back before it is read."""
    for name, kind in (("int", int), ("long", int)):
        if not hasattr(np, name):
            setattr(np, name, kind)
    from utils.dna_functions import FocalLoss

    return FocalLoss(gamma=GAMMA)


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return letters and truth of a step, shape (streams, segment)."""
    generator = torch.Generator().manual_seed(step)
    shape = (STREAMS, SEGMENT_BP)
    return torch.randint(0, 4, shape, generator=generator), torch.rand(shape, generator=generator) < 0.001


def published_loss(published: Any, criterion: Any, step: int) -> torch.Tensor:
    codes, truth = batch(step)
    data = PUBLISHED_LETTERS[codes].t().contiguous()  # (segment, streams)
    loss, *_ = published(data, truth.t().contiguous().long(), criterion=criterion)
    return loss.float().mean()


def our_loss(
    model: Transformer, step: int, *, dropout: float, dtype: torch.dtype = torch.float32, gamma: float = GAMMA
) -> torch.Tensor:
    codes, truth = batch(step)
    log_odds = model.log_odds(model.states(codes, dropout=dropout, dtype=dtype))
    return focal_loss(log_odds, truth.float(), gamma).mean()


def gradient_difference(model: Transformer, published: Any) -> float:
    """Compare the gradients of letters and outputs, relative to the largest."""
    published.same_length = False
    published.reset_length(SEGMENT_BP, 0, 0)
    published.zero_grad()
    published_loss(published, None, 0).backward()
    model.zero_grad()
    our_loss(model, 0, dropout=0, gamma=0).backward()
    theirs = published.word_emb.emb_layers[0].weight.grad[PUBLISHED_LETTERS], published.out_layer.weight.grad
    ours = model.embedding.grad, model.output.weight.grad
    pairs = zip(theirs, ours, strict=True)
    return max(float((one - other).abs().max() / one.abs().max()) for one, other in pairs if other is not None)


def published_step(published: Any, criterion: Any) -> Callable[[int], object]:
    published.train()
    for module in published.modules():
        if isinstance(module, nn.Dropout) and module not in [layer.dec_attn.dropatt for layer in published.layers]:
            module.p = DROPOUT
    optimizer = torch.optim.Adam(published.parameters(), lr=1e-4)

    def step(number: int) -> None:
        published.zero_grad()
        published_loss(published, criterion, number).backward()
        nn.utils.clip_grad_norm_(published.parameters(), CLIP)
        optimizer.step()

    return step


def our_step(model: Transformer, precision: str) -> Callable[[int], object]:
    model.train()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step(number: int) -> None:
        optimizer.zero_grad()
        our_loss(model, number, dropout=DROPOUT, dtype=dtype).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()

    return step


def recipe_step() -> Callable[[int], object]:
    """Return the step of `tracktools train` on the embedded genome, with TSS at random."""
    genome, network = load_bundle().load_genome(), ModelConfig()
    rng = np.random.default_rng(0)
    labels = {(0, strand): rng.random(len(genome)) < 0.001 for strand in ("+", "-")}
    stretches = training_stretches(genome, paper_split(genome.contigs[0]), receptive_field_bp(network))
    config = TrainConfig(precision=native_precision())
    windows = TrainingWindows(genome, [labels], stretches, network, config)
    trainer = Trainer(network, config, windows, 1)
    return lambda _: trainer.train_step()


if __name__ == "__main__":
    sys.exit(main())
