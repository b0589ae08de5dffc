"""``tracktools contribute``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracktools.cli import options
from tracktools.config import ContributeConfig, PredictConfig
from tracktools.model.files import DEFAULT_MODEL


@click.command()
@click.argument("genome_path", metavar="GENOME", type=options.PATH)
@options.output
@click.option(
    "--at", "at", required=True, type=options.PATH, metavar="DIR|BED",
    help="The TSS: a folder of `tracktools predict` with called TSS, or a BED of single bases with a strand.",
)  # fmt: skip
@options.model("Shipped model (see `tracktools models list`) or checkpoint file.", default=DEFAULT_MODEL)
@click.option(
    "--method", type=click.Choice(["auto", "mutation", "gradient"]), default=ContributeConfig.method, show_default=True,
    help="mutation: exact, each substitution is predicted. gradient: input x gradient, for the transformer; auto takes "
    "it there.",
)  # fmt: skip
@options.around(ContributeConfig.upstream_bp, ContributeConfig.downstream_bp)
@options.circular
@options.rename
@options.only_genome
@options.descriptor("GENOME")
@options.engine
@options.device
@options.threads
@options.force
@options.restart
def contribute(
    genome_path: Path,
    output: Path,
    at: Path,
    model: str | None,
    circular: tuple[str, ...],
    renames: dict[str, str],
    only_genome: bool,
    descriptor_of: Path | None,
    force: bool,
    restart: bool,
    **options: Any,
) -> None:
    """Compute what each base does for the TSS near it; browsers draw it as letters.

    A contribution is the log-odds (natural logarithm) of the model output at the TSS, minus their mean over the three
    substitutions of the base. GENOME: FASTA (plain, gzip, bgzip), 2bit, GenBank or EMBL.

    \b
    Writes in the output folder:
      NAME.contributions.plus.bw, NAME.contributions.minus.bw   contributions, signed; other bases are absent
      profile.tsv, logo.svg, .png, .pdf   mean contribution by offset from the TSS
      tracks.tsv, provenance.json   input of `tracktools hub build`; how it was made

    Where TSS of one strand are near each other, a base has the contribution with the largest size. After a kill, give
    the same command again: it continues.

    \b
    Example:
      tracktools contribute genome.fa.gz --at predictions -o contributions --circular all
      tracktools hub build predictions contributions -o hub --genome genome.fa.gz
    """
    from tracktools.circles import load_joined
    from tracktools.contribute import compute_contributions
    from tracktools.counting import count_line
    from tracktools.model.registry import as_model
    from tracktools.run import check_output

    check_output(output, force=force, inputs=[genome_path, at])
    checkpoint = as_model(model)
    around = {"upstream_bp": options.pop("upstream"), "downstream_bp": options.pop("downstream")}
    settings = ContributeConfig(**around, method=options.pop("method"))
    made = compute_contributions(
        load_joined(genome_path, circular, checkpoint.config),
        at,
        output,
        model=checkpoint,
        config=PredictConfig(**options),
        settings=settings,
        host=descriptor_of,
        renames=renames,
        only_genome=only_genome,
        force=force,
        restart=restart,
    )
    click.echo(count_line(made.n_sites, made.left_out, "TSS"))
