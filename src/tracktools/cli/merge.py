"""``tracktools merge``."""

from __future__ import annotations

from pathlib import Path

import click

from tracktools.cli import options


@click.command()
@click.argument("folders", metavar="SHARD...", nargs=-1, required=True, type=options.PATH)
@options.output
@options.force
@options.restart
def merge(folders: tuple[Path, ...], output: Path, force: bool, restart: bool) -> None:
    """Join the folders of all shards of one `tracktools predict --shard I/N`, in any order.

    \b
    Writes in the output folder, byte for byte as one run would:
      NAME.plus.bw, NAME.minus.bw   raw model output, 0 to 1; unscored bases are absent
      NAME.called_tss.bed           called transcription start sites
      NAME.split.bed                which bases the model was trained on, if it knows this genome
      NAME.found_genes.bed          genes found by Prodigal, if the model takes genes into account
      tracks.tsv, provenance.json   input of `tracktools hub build`; how it was made

    Shards of `tracktools mutate --all --shard I/N` are joined, too, to the four bigWigs of that command.

    Needs neither the genome nor the model. Stops if a shard is missing, or of another genome, model or engine.

    \b
    Example:
      tracktools merge shard1 shard2 shard3 -o predictions
    """
    from tracktools.predict import merge_shards
    from tracktools.predict.calling import expectation
    from tracktools.predict.manifest import MUTATE_ALL
    from tracktools.predict.merge import verb_of_shards

    if verb_of_shards(folders) == MUTATE_ALL:
        from tracktools.mutate.all import merge_all

        click.echo(f"{merge_all(folders, output, force=force, restart=restart)}")
        return
    prediction = merge_shards(folders, output, force=force, restart=restart)
    right = expectation(prediction.calls()) if prediction.n_calls else ""
    click.echo(f"{prediction.folder}: {prediction.n_calls:,} TSS called{right}")
