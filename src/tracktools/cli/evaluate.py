"""``tracktools evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import EvaluateConfig, PredictConfig


@click.command()
@click.argument("signal", metavar="MODEL|PLUS.bw MINUS.bw", nargs=-1, required=True)
@options.sets("--tss", "Set of measured TSS, from `tss import` or `tss curate`; repeat for each set.", required=True)
@options.output
@click.option(
    "--region", type=click.Choice(["train", "valid", "test", "all"]), default=EvaluateConfig.region,
    help="Bases to score: one part of the split, or all.  [default: valid; all, if MODEL has no split of the genome]",
)  # fmt: skip
@click.option("--regions", type=options.PATH, help="BED file of the bases to score, instead of --region.")
@click.option(
    "--split-of", metavar="MODEL",
    help="Model whose split defines train, valid and test.  [default: MODEL; for bigWigs, a shipped model that knows "
    "the genome, else the paper's split of NC_000913.3]",
)  # fmt: skip
@options.genome(
    "FASTA, 2bit or GenBank, to find the split.", default="the embedded E. coli genome, if the bigWigs name it"
)
@options.circular
@options.rename
@options.only_genome
@options.absent
@click.option("--minus-negative", is_flag=True, hidden=True, help="No longer needed: either sign is read.")
@click.option(
    "--near-copies", is_flag=True,
    help="Also give the AP without bases whose 100 nt are near-copies of training sequence, such as rRNA operons.",
)  # fmt: skip
@click.option(
    "--resamples", type=click.IntRange(2), default=EvaluateConfig.resamples, show_default=True,
    help="Bootstrap draws of 10-kb blocks, for the 95 % intervals.",
)  # fmt: skip
@options.seed(EvaluateConfig.seed, "Seed of these draws.")
@click.option(
    "--log", "test_log", type=options.PATH,
    help="Append a line per set to this test log (docs/test-log.md); only if the test region is scored.",
)  # fmt: skip
@options.engine
@options.threads
@options.gene_context
@options.force
def evaluate(
    signal: tuple[str, ...],
    tss: dict[str, Path],
    output: Path,
    region: str | None,
    regions: Path | None,
    split_of: str | None,
    genome: Path | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    absent: str,
    minus_negative: bool,
    near_copies: bool,
    resamples: int,
    seed: int,
    test_log: Path | None,
    engine: str,
    threads: int,
    gene_context: bool,
    force: bool,
) -> None:
    """Score a model, or a stranded pair of bigWigs of any origin, against measured TSS.

    By base: ROC AUC and average precision (AP) at the exact base, both strands together. By peak: each local maximum,
    the highest first, takes the nearest free TSS within 0, 1, 2, 5 or 10 nt; AP, and recall at 1, 10 and 100 false
    calls per million scored positions. Every figure has a 95 % interval over 10-kb blocks.

    Counts and probabilities of any scale work; MINUS.bw may be stored negative.

    \b
    Writes DIR/scores.tsv        a row per set, level and distance; also printed
           DIR/peaks.tsv         the highest peaks, and the distance of each to its TSS
           DIR/calibration.tsv   share of TSS among bases of similar value
           DIR/pr.svg, .png, DIR/calibration.svg, .png, DIR/provenance.json

    \b
    Examples:
      tracktools evaluate ecoli-tss --tss curated=curated.bed -o scores
      tracktools evaluate predictions/genome.plus.bw predictions/genome.minus.bw --genome genome.fa --region all \\
          --tss measured=measured.bed -o scores
    """
    from tracktools.evaluate import ScopeOptions, SignalInput, evaluate_tracks
    from tracktools.evaluate.run import as_tsv

    if len(signal) > 2 or (len(signal) == 1 and signal[0].lower().endswith((".bw", ".bigwig"))):
        raise click.UsageError(f"{len(signal)} files to score: one model is needed, or two bigWigs, PLUS and MINUS")
    evaluation = evaluate_tracks(
        SignalInput(model=signal[0]) if len(signal) == 1 else SignalInput(None, Path(signal[0]), Path(signal[1])),
        tss,
        output,
        wanted=ScopeOptions(regions, genome, circular, split_of, renames, only_genome),
        test_log=test_log,
        config=EvaluateConfig(
            region=region,  # type: ignore[arg-type]  # click has checked the choices
            absent=absent,  # type: ignore[arg-type]
            near_copies=near_copies,
            resamples=resamples,
            seed=seed,
        ),
        predict=PredictConfig(engine=engine, threads=threads, gene_context=gene_context),
        force=force,
    )
    click.echo(as_tsv(evaluation.table), nl=False)
