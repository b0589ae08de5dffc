"""The long commands on inputs that take each a second, and what they are made from."""

from __future__ import annotations

import json
import multiprocessing
import sys
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import numpy as np
from samples import samples_of

import kill
from kill import CONTIGS, Process, write_genome
from tracktools.formats.bigwig import write_bigwig

Words = tuple[str, ...]
DEMO = "demo"
_STEPS = ("--window-bp", "128", "--positions-per-step", "256")


def write_inputs(home: Path) -> dict[str, str]:
    """Write the inputs of all commands; return them by name."""
    samples = samples_of(home / "inputs")
    files = {name: str(path) for name, path in samples.items()}
    write_genome(home / "long.fa")
    rows = (f"{name}\t{at}\t{at + 1}\tx\t0\t{'+-'[at % 2]}\n" for name, at in _starts())
    (home / "long.bed").write_text("".join(rows))
    files |= {"long.fa": str(home / "long.fa"), "long.bed": str(home / "long.bed")}
    files |= _write_counts(home)
    files["species.toml"] = str(_write_sheet(home, files))
    files["igv.js"] = str(home / "igv.min.js")
    (home / "igv.min.js").write_text("var igv = {createBrowser: 1}\n")
    maker = multiprocessing.get_context("spawn").Process(target=_write_dilated, args=(home / "dilated.safetensors",))
    maker.start()
    maker.join()
    files["dilated.safetensors"] = str(home / "dilated.safetensors")
    for name, words in _first(files).items():
        files[name] = str(home / name)
        done = Process(words, home / name, said=home / "said")
        if done.wait() != 0:
            raise SystemExit(f"{' '.join(words)}: {(home / 'said').read_text(errors='replace')[-600:]}")
    return files


def _starts() -> list[tuple[str, int]]:
    return [(name, at) for name, size in CONTIGS.items() for at in range(60, size - 60, 301)]


def _write_counts(home: Path) -> dict[str, str]:
    """Write counts of 5' ends at the measured TSS."""
    files = {}
    for strand, word in enumerate(("plus", "minus")):
        values = {name: np.zeros(size, np.float32) for name, size in CONTIGS.items()}
        for name, at in _starts():
            values[name][at] = 5 if at % 2 == strand else 0
        files[f"counts.{word}.bw"] = str(home / f"counts.{word}.bw")
        write_bigwig(home / f"counts.{word}.bw", CONTIGS, values)
    return files


def _write_sheet(home: Path, files: dict[str, str]) -> Path:
    """Write a sheet of two species."""
    common = 'lineage = ["Bacteria"]\nsource = "made"\nlicence = "none"\n'
    sheet = f"""[[genome]]
species = "one"
fasta = "{files["long.fa"]}"
tss = "{files["long.bed"]}"
role = "main"
split = "fractions 0.7,0.15,0.15"
{common}
[[genome]]
species = "two"
fasta = "{files["genome.fa"]}"
tss = "{files["tss.bed"]}"
{common}
[batch]
stretch_bp = 160
main_stretches = 2
other_stretches = 2
"""
    path = home / "species.toml"
    path.write_text(sheet)
    return path


def _write_dilated(path: Path) -> None:
    """Write a small convolutional network; in a process of its own, since torch begins threads."""
    import torch

    from tracktools.config import DilatedConfig
    from tracktools.model.checkpoint import Metadata, save_checkpoint
    from tracktools.model.dilated import Dilated

    torch.manual_seed(0)
    save_checkpoint(
        path, Dilated(DilatedConfig(n_channels=4, dilations_bp=(1, 2))), Metadata("random", call_threshold=0.5)
    )


def _first(files: dict[str, str]) -> dict[str, Words]:
    """Return the commands whose outputs others read."""
    one = ("train", files["long.fa"], files["long.bed"], "--init", files["dilated.safetensors"], *_STEPS)
    split = ("--fractions", "0.7,0.15,0.15", "--steps", "2", "--validate-every", "1")
    return {
        "folds": (*one, "--folds", "2", "--steps", "2", "--validate-every", "1", "--lead-bp", "8"),
        "member1": (*one, *split, "--seed", "1", "--lead-bp", "8"),
        "attended": (
            "attention", files["genome.fa"], "-m", files["model.safetensors"], "-t", "1", "--sample", "0.2",
            "--at", f"x={files['tss.bed']}",
        ),
        "annotated": ("annotation", files["genes.gff3"], "--genome", files["genome.fa"]),
        "confirmed": ("tss", "confirm", files["called.bed"], files["tss.bed"], "--genome", files["genome.fa"]),
    }  # fmt: skip


def commands(files: dict[str, str]) -> dict[str, Words]:
    """Return the command lines by name, without their outputs; ``{hub}`` stands for a second output."""
    genome, genes, tss, called = (files[name] for name in ("genome.fa", "genes.gff3", "tss.bed", "called.bed"))
    model = ("-m", files["model.safetensors"], "-t", "1")
    dilated = ("-m", files["dilated.safetensors"], "-t", "1")
    counts = files["counts.plus.bw"], files["counts.minus.bw"]
    train = ("--fractions", "0.7,0.15,0.15", *_STEPS, "--steps", "9", "--validate-every", "3")
    signals = files["signal.plus.bw"], files["signal.minus.bw"]
    table = ("--position-column", "Pos", "--strand-column", "Strand", "--base", "1", "--chrom-column", "Rep")
    return {
        "predict": ("predict", files["long.fa"], *model, "--block-bp", "5000"),
        "predict --hub": ("predict", files["genome.gbk"], *model, "--hub", "{hub}"),
        "predict --shard": ("predict", genome, *model, "--shard", "1/2"),
        "predict --out-of-fold": ("predict", files["long.fa"], "--out-of-fold", files["folds"], "-t", "1"),
        "merge": ("merge", files["shard1"], files["shard2"]),
        "train": ("train", files["long.fa"], files["long.bed"], "--init", files["model.safetensors"], *train),
        "train --folds": (
            "train", files["long.fa"], files["long.bed"], "--init", files["dilated.safetensors"], "--lead-bp", "8",
            *_STEPS, "--folds", "2", "--steps", "4", "--validate-every", "2",
        ),
        "adapt": ("adapt", files["long.fa"], files["long.bed"], "-m", files["dilated.safetensors"], "--steps", "2"),
        "adapt to counts": (
            "adapt", files["long.fa"], *counts, "--threshold", "1", "-m", files["dilated.safetensors"], "--steps", "2",
        ),
        "train, many species": ("train", files["species.toml"], "--steps", "4", "--validate-every", "2"),
        "models average": (
            "models", "average", files["long.fa"], files["long.bed"], *("-m", f"{files['member1']}/model.safetensors") * 2,
        ),
        "attention": ("attention", genome, *model, "--sample", "0.05"),
        "motifs": ("motifs", files["attended"], "--genome", genome, "--min-sites", "4", "--window", "9"),
        "evaluate": ("evaluate", *signals, "--tss", f"a={tss}", "--genome", genome, "--region", "all"),
        "profile": ("profile", "--signal", f"s={','.join(signals)}", "--sites", f"a={tss}", "--flank", "20"),
        "mutate --at": ("mutate", genome, "--at", tss, *dilated, "--upstream", "30", "--draw", "1"),
        "mutate --vcf": ("mutate", genome, "--vcf", files["variants.vcf"], *dilated),
        "mutate --from": ("mutate", "--from", files["genome.gbk"], "--tss", "30:+", "--best", "3", *dilated),
        "mutate --all": ("mutate", files["long.fa"], "--all", *dilated),
        "contribute": ("contribute", genome, "--at", tss, *dilated, "--upstream", "30"),
        "reads": ("reads", files["reads.bam"], "--library", "forward", "--name", "x"),
        "annotation": ("annotation", genes, "--genome", genome),
        "tss import": ("tss", "import", files["table.tsv"], "--format", "table", *table, "--name", "x", "--genome", genome),
        "tss lift": ("tss", "lift", tss, "--chain", files["lift.chain"]),
        "tss curate": ("tss", "curate", "--source", f"a={tss}", "--source", f"b={called}"),
        "tss classify": ("tss", "classify", tss, "--annotation", genes),
        "tss compare": ("tss", "compare", "--source", f"a={tss}", "--source", f"b={called}"),
        "tss call": ("tss", "call", *signals, "--threshold", "0.5"),
        "tss table": ("tss", "table", tss, f"c={called}", "--genome", genome, "--annotation", genes, "--merge-into", genes),
        "tss confirm": ("tss", "confirm", called, tss, "--genome", genome),
        "tss promoters": ("tss", "promoters", tss, "--genome", genome),
        "hub build": ("hub", "build", files["imported"], "--genome", genome, "--annotation", genes),
        "hub view": ("hub", "view", files["hub"], "--igv-js", files["igv.js"]),
        "report": ("report", files["confirmed"]),
        DEMO: (DEMO,),
    }  # fmt: skip


def shrink_demo(files: dict[str, str]) -> None:
    """Let the demo of this process be of a small genome and a small model, for which it has no options."""
    from tracktools import load_model
    from tracktools.bundle import Bundle
    from tracktools.genome import load_genome
    from tracktools.pipeline import demo

    genome, genes = Path(files["genome.2bit"]), Path(files["annotated"])
    bundle = Bundle(genome, genes / "genes.bed", genes / "pseudogenes.bed", genes, frozenset())
    Bundle.load_genome = lambda self: load_genome(self.genome_path)  # type: ignore[method-assign]
    demo.load_bundle = lambda: bundle  # type: ignore[assignment]
    found = load_model(Path(files["model.safetensors"]))
    model = replace(found, metadata=replace(found.metadata, call_threshold=0.0))  # something is called
    demo.as_model = lambda *_: model  # type: ignore[assignment]


def load_modules(names: Path) -> None:
    """Import what a finished command had imported, once for all processes that are forked from this one."""
    for name in json.loads(names.read_text()):
        if name not in sys.modules and not name.startswith(("__", "kill")):
            with suppress(Exception):  # some parts can be imported from within their packages alone
                import_module(name)


def record_modules(names: Path) -> None:
    """Let the next command line of this process write down which modules it imported."""
    run = kill.tracktools

    def command(arguments: list[str]) -> None:
        try:
            run(arguments)
        finally:
            names.write_text(json.dumps(sorted(sys.modules)))

    kill.tracktools = command  # type: ignore[assignment]
