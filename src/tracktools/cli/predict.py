"""``tracktools predict``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options
from tracktools.config import PredictConfig
from tracktools.errors import ConfigError
from tracktools.model.files import DEFAULT_MODEL


@click.command()
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@options.output
@click.option("--name", help="Stem of the output files.  [default: that of GENOME]")
@options.model("Shipped model (see `tracktools models list`) or checkpoint file.", default=DEFAULT_MODEL)
@options.circular
@options.annotation(
    "GFF3, GTF or GenBank with the genes for the hub; also tells which contigs are circular.",
    default="GENOME, if it is GenBank or EMBL",
)
@options.rename
@options.only_genome
@click.option(
    "--regions",
    type=options.PATH,
    metavar="BED",
    help="Score only these bases; all others are absent.  [default: all bases]",
)
@options.descriptor("GENOME")
@options.shard()
@click.option(
    "--out-of-fold", type=options.PATH, metavar="DIR",
    help="Score each base by the model that never saw it. DIR: output folder of `tracktools train --folds`.",
)  # fmt: skip
@click.option(
    "--threshold", type=float, default=PredictConfig.threshold, show_default="what the model brings",
    help="Call TSS at or above this model output.",
)  # fmt: skip
@click.option(
    "--top", default=PredictConfig.top, metavar="N|N/Mb", show_default="what the model brings",
    help="Call the N highest TSS of the genome, or of each million bases.",
)  # fmt: skip
@click.option("--hub", type=options.PATH, help="Also build a track hub of the result, in this folder.")
@options.engine
@click.option(
    "--precision", type=click.Choice(["exact", "fast"]), default=PredictConfig.precision, show_default=True,
    help="Greatest error of a model output against float64: exact 2e-5, fast 1e-2.",
)  # fmt: skip
@options.device
@options.threads
@options.block
@click.option(
    "--cache", default=PredictConfig.cache, metavar="DIR", show_default="none",
    help="Keep answers by sequence in this folder, so that a similar genome costs only what differs.",
)  # fmt: skip
@options.gene_context
@options.force
@options.restart
def predict(
    genome_path: Path,
    output: Path,
    name: str | None,
    model: str | None,
    circular: tuple[str, ...],
    annotation: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    out_of_fold: Path | None,
    regions: Path | None,
    descriptor_of: Path | None,
    shard: str | None,
    hub: Path | None,
    force: bool,
    restart: bool,
    **settings: str | int | float | None,
) -> None:
    """Predict TSS at every base of both strands of GENOME: FASTA (plain, gzip, bgzip), 2bit, GenBank or EMBL.

    GenBank, EMBL and GFF3 with its sequence also bring the genes for the hub, and tell which contigs are circular.

    \b
    Writes in the output folder:
      NAME.plus.bw, NAME.minus.bw   raw model output, 0 to 1; unscored bases are absent
      NAME.called_tss.bed           called transcription start sites (TSS)
      NAME.split.bed                which bases the model was trained on, if it knows this genome
      NAME.folds.bed                with --out-of-fold: which model scored which bases
      NAME.found_genes.bed          genes found by Prodigal, if the model takes genes into account
      tracks.tsv, provenance.json   input of `tracktools hub build`; how it was made

    With --shard, it writes a folder for `tracktools merge` instead: manifest.json, blocks, provenance.json.

    Contigs are linear unless --circular, --annotation or GENOME says otherwise. After a kill, give the same command
    again: it continues. --regions scores both strands, unless the BED's strand column says + or -. --rename
    applies to --annotation and --regions, --only-genome to --annotation.

    \b
    Example:
      tracktools predict genome.fa.gz -o predictions --circular all --hub hub
    """
    from tracktools.pipeline.predict_hub import Inputs, predict_and_build, predict_one_shard
    from tracktools.predict import Shard
    from tracktools.predict.calling import expectation

    if out_of_fold is not None and model is not None:
        raise ConfigError("--out-of-fold brings its own models: leave out --model")
    inputs = Inputs(
        genome_path, name, model, circular, annotation, regions, renames, only_genome, descriptor_of, out_of_fold
    )
    config = PredictConfig(**settings)  # type: ignore[arg-type]  # click has checked the types
    if shard is not None:
        part = Shard.parse(shard)
        if hub is not None:
            raise ConfigError("--hub needs the whole, not --shard (join the shards, then `tracktools hub build`)")
        made = predict_one_shard(inputs, output, part, config=config, force=force, restart=restart)
        click.echo(f"{made.folder}: shard {part}, {made.positions:,} positions; join all with `tracktools merge`")
        return
    prediction = predict_and_build(inputs, output, hub=hub, config=config, force=force, restart=restart)
    apart = "" if out_of_fold is None else ", each base by a model that never saw it"
    right = expectation(prediction.calls()) if prediction.n_calls else ""
    click.echo(f"{prediction.folder}: {prediction.n_calls:,} TSS called{apart}{right}")
    if hub is not None:
        click.echo(f"{hub}: open it with `tracktools hub serve {hub}`")
