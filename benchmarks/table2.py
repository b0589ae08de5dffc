"""The paper's Tables 1 and 2 anew: a model trained on each TSS set at one equal budget, each scored on every set.

    python benchmarks/table2.py --data DIR -o OUT --steps 3000 [--test] [--threads 1]

DIR contains the published tables (`tracktools demo --data` takes the same). In OUT: ``table1.tsv`` (positives and
negatives by set and part), ``table2.valid.tsv`` and ``.md`` (a row for each signal and judged set: the models, then
each experiment's own scores as the prediction of the others), ``.svg`` and ``.png``. A killed run continues with the
same command: trainings from their last state, and what is finished is taken as it is. The validation region is scored;
``--test`` scores the test region instead, once the models are what they shall be, and ``--log`` writes its lines to the
test log.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tracktools.bundle import load_bundle
from tracktools.config import ARCHITECTURES, RECIPES, EvaluateConfig, PredictConfig, TrainConfig
from tracktools.evaluate import SignalInput, evaluate_tracks
from tracktools.figures.canvas import figure_style, save_figure
from tracktools.formats.bed import read_bed
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Genome
from tracktools.pipeline.measured import MEASURED_SETS, measured_folders
from tracktools.splits import PARTS, paper_split
from tracktools.train import train_model

EXPERIMENTS = [measured.name for measured in MEASURED_SETS]
TOLERANCE_BP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the published tables")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for sets, models, scores and tables")
    parser.add_argument("--architecture", choices=tuple(ARCHITECTURES), default="clauwaert2021")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps, help="of every training (default: %(default)s)")
    parser.add_argument("--validate-every", type=int, default=TrainConfig.validate_every)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sets", nargs="+", default=[*EXPERIMENTS, "curated"], help="to train on (default: all)")
    parser.add_argument("--test", action="store_true", help="score the test region instead of validation")
    parser.add_argument("--log", type=Path, help="test log to append to, with --test")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    genome = load_bundle().load_genome()
    options.output.mkdir(parents=True, exist_ok=True)
    folders = measured_folders(options.data, options.output / "sets", genome)
    sets = {folder.name: folder / f"{folder.name}.bed" for folder in folders if folder.name != "termseq"}
    table1 = count(sets, genome)
    table1.to_csv(options.output / "table1.tsv", sep="\t", index=False)
    models = {name: train(name, sets, genome, options) for name in options.sets}
    signals = {name: own_scores(name, sets[name], genome, options.output / "signals") for name in EXPERIMENTS}
    judged = {("model", name): SignalInput(model=path) for name, path in models.items()}
    judged |= {("experiment", name): signal for name, signal in signals.items()}
    table2 = pd.concat([score(*key, signal, sets, options) for key, signal in judged.items()], ignore_index=True)
    region = "test" if options.test else "valid"
    stem = f"table2.{region}"
    table2.to_csv(options.output / f"{stem}.tsv", sep="\t", index=False, float_format="%.6g")
    (options.output / f"{stem}.md").write_text(as_markdown(table1, table2), encoding="utf-8")
    draw(table2, options.output, stem, f"AP at the exact base, {region} region; {options.steps:,} steps for each model")
    print((options.output / f"{stem}.md").read_text(encoding="utf-8"))


def count(sets: dict[str, Path], genome: Genome) -> pd.DataFrame:
    """Return positives and negatives, both strands, by set and part."""
    contig = genome.contigs[0]
    split = paper_split(contig)
    bases = {part: 2 * sum(one.end - one.start for one in split.regions_of(contig, part)) for part in PARTS}
    rows = []
    for name, path in sets.items():
        table, _ = read_bed(path)
        tss = table[["chromStart", "strand"]].drop_duplicates()["chromStart"].to_numpy()
        parts = split.part_of(contig, tss)
        row: dict[str, object] = {"set": name, "positives": len(tss)}
        for part in PARTS:
            positives = int((parts == part).sum())
            row |= {f"{part}_positives": positives, f"{part}_negatives": bases[part] - positives}
        rows.append(row)
    return pd.DataFrame(rows)


def train(name: str, sets: dict[str, Path], genome: Genome, options: argparse.Namespace) -> Path:
    folder = options.output / "models" / name
    changes = {"steps": options.steps, "validate_every": options.validate_every, "threads": options.threads}
    config, network = replace(RECIPES[options.architecture], **changes), ARCHITECTURES[options.architecture]()
    if not folder.exists():
        logging.info("training on %s", name)
        split = paper_split(genome.contigs[0])
        train_model(
            genome, {name: sets[name]}, folder, split=split, name=f"table2-{name}", config=config, model_config=network
        )
    steps = max(json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines())
    if steps != options.steps:
        raise SystemExit(f"{folder}: was trained for {steps} steps, not {options.steps}: one budget for all")
    return folder / "model.safetensors"


def own_scores(name: str, bed: Path, genome: Genome, folder: Path) -> SignalInput:
    """Return a set as a signal: its own score at each TSS (1 where it gives none), 0 at every other base."""
    table, _ = read_bed(bed)
    scores = table["sourceScore"].to_numpy(dtype=np.float64, copy=True)
    scores[~(scores > 0)] = 1.0
    contig = genome.contigs[0]
    folder.mkdir(exist_ok=True)
    paths = []
    for strand, word in (("+", "plus"), ("-", "minus")):
        values, here = np.zeros(len(contig), dtype=np.float32), (table["strand"] == strand).to_numpy()
        np.maximum.at(values, table["chromStart"].to_numpy()[here], scores[here].astype(np.float32))
        paths.append(folder / f"{name}.{word}.bw")
        if not paths[-1].exists():
            write_bigwig(paths[-1], genome.chrom_sizes, {contig.name: values})
    return SignalInput(plus=paths[0], minus=paths[1])


def score(
    kind: str, name: str, judged: SignalInput, sets: dict[str, Path], options: argparse.Namespace
) -> pd.DataFrame:
    """Return AP and ROC AUC at the base, and AP of peaks within 5 nt, on every other set."""
    region = "test" if options.test else "valid"
    folder = options.output / "scores" / region / f"{kind}_{name}"
    if not folder.exists():
        config = EvaluateConfig(region=region, near_copies=kind == "model")
        log = options.log if options.test and kind == "model" else None
        predict = PredictConfig(threads=options.threads)
        evaluate_tracks(judged, sets, folder, test_log=log, config=config, predict=predict)
    table = pd.read_csv(folder / "scores.tsv", sep="\t")
    base = table[table["level"] == "base"].set_index("set")
    peak = table[(table["level"] == "peak") & (table["tolerance_bp"] == TOLERANCE_BP)].set_index("set")
    rows = base[["positives", "prevalence", "roc_auc", "ap", "ap_low", "ap_high"]].copy()
    rows["ap_apart"] = base.get("ap_apart", np.nan)
    rows["ap_within_5"] = peak["ap"]
    rows.insert(0, "signal", f"{kind} {name}")
    if kind == "experiment":
        rows = rows.drop(index=[name, "curated"])  # a set is no prediction of itself, nor of what it was put into
    return rows.reset_index().rename(columns={"set": "judged_on"})


def as_markdown(table1: pd.DataFrame, table2: pd.DataFrame) -> str:
    head = ["set", "positives", *(f"{part} + / −" for part in PARTS)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in table1.to_dict("records"):
        parts = [f"{row[f'{part}_positives']:,} / {row[f'{part}_negatives']:,}" for part in PARTS]
        lines.append(f"| {row['set']} | {row['positives']:,} | {' | '.join(parts)} |")
    sets = list(dict.fromkeys(table2["judged_on"]))
    lines += ["", f"| signal | {' | '.join(sets)} |", "|---" * (len(sets) + 1) + "|"]
    for signal, rows in table2.groupby("signal", sort=False):
        cells = rows.set_index("judged_on")
        shown = [
            f"{cells.loc[name, 'roc_auc']:.3f} / {cells.loc[name, 'ap']:.3f} / {cells.loc[name, 'ap_within_5']:.3f}"
            if name in cells.index
            else ""
            for name in sets
        ]
        lines.append(f"| {signal} | {' | '.join(shown)} |")
    lines += ["", "Each cell: ROC AUC and AP at the exact base, AP of peaks within 5 nt."]
    return "\n".join(lines) + "\n"


def draw(table2: pd.DataFrame, folder: Path, stem: str, title: str) -> None:
    """Draw the AP of every signal on every set as a grid of numbers."""
    grid = table2.pivot_table(index="signal", columns="judged_on", values="ap", sort=False)
    with figure_style():
        figure = Figure(figsize=(1.1 * grid.shape[1] + 2.4, 0.42 * grid.shape[0] + 1.2), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(grid.to_numpy(), cmap="cividis", vmin=0, aspect="auto")
        top = np.nanmax(grid.to_numpy())
        for (row, column), value in np.ndenumerate(grid.to_numpy()):
            if not np.isnan(value):
                color = "black" if value > top / 2 else "white"
                axes.text(column, row, f"{value:.3f}", ha="center", va="center", color=color, fontsize=8)
        axes.set_xticks(range(grid.shape[1]), [f"on {name}" for name in grid.columns], rotation=25, ha="right")
        axes.set_yticks(range(grid.shape[0]), list(grid.index))
        figure.colorbar(image, ax=axes, label="AP")
        figure.suptitle(title, fontsize=9)
        save_figure(figure, folder, stem)


if __name__ == "__main__":
    main()
