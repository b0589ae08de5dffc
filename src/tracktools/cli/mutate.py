"""``tracktools mutate``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracktools.cli import options
from tracktools.config import MutateConfig, PredictConfig
from tracktools.model.files import DEFAULT_MODEL

if TYPE_CHECKING:
    from tracktools.genome import Genome
    from tracktools.interval import Strand

_TSS = re.compile(r"([0-9,]{1,24}):([+-])")


def _parse_tss(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, Strand] | None:
    if value is None:
        return None
    match = _TSS.fullmatch(value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not POSITION:STRAND, such as 1042:+ (1-based)")
    return int(match[1].replace(",", "")) - 1, "+" if match[2] == "+" else "-"


@click.command()
@click.argument("genome_path", metavar="[GENOME]", type=options.PATH, required=False)
@options.output
@click.option(
    "--at", "at", type=options.PATH, metavar="BED",
    help="Try all substitutions around these TSS: a BED of single bases with a strand, called or measured.",
)  # fmt: skip
@click.option(
    "--vcf", "variants", multiple=True, metavar="FILE|VARIANT",
    help="Compute the effect of each variant of a VCF file (plain, gzip, bgzip), or of CHROM:POS:REF>ALT or HGVS, such "
    "as NC_000913.3:g.366305G>A; repeat for several variants.",
)  # fmt: skip
@click.option(
    "--from", "sequence", type=options.PATH, metavar="SEQUENCE",
    help="Propose changes of this sequence, such as a plasmid: FASTA or GenBank. No GENOME then.",
)  # fmt: skip
@click.option(
    "--all", "everywhere", is_flag=True,
    help="Try all substitutions of the genome: tracks of the largest gain and loss that each base can give.",
)  # fmt: skip
@click.option(
    "--regions", type=options.PATH, metavar="BED",
    help="With --all: change only these bases.  [default: all bases]",
)  # fmt: skip
@options.shard("With --all: compute only shard I of N, such as 1/3; join all with `tracktools merge`.")
@click.option(
    "--best", type=click.IntRange(1), default=MutateConfig.best, show_default=True,
    help="With --from: how many changes to propose, of each kind.",
)  # fmt: skip
@click.option(
    "--tss", metavar="POSITION:STRAND", callback=_parse_tss,
    help="With --from: the TSS to change, such as 1042:+ (1-based).  [default: the base with the highest model output]",
)  # fmt: skip
@options.model("Shipped model (see `tracktools models list`) or checkpoint file.", default=DEFAULT_MODEL)
@options.around(MutateConfig.upstream_bp, MutateConfig.downstream_bp, "With --at: ")
@click.option(
    "--draw", type=click.IntRange(0), default=MutateConfig.drawn, show_default=True,
    help="With --at: draw a heat map of each of the first N TSS, besides the mean.",
)  # fmt: skip
@click.option(
    "--threshold", type=float, default=PredictConfig.threshold, show_default="what the model brings",
    help="With --vcf: call TSS at or above this model output.",
)  # fmt: skip
@options.circular
@options.rename
@options.only_genome
@options.descriptor("GENOME or SEQUENCE, unchanged")
@options.engine
@options.device
@options.threads
@options.gene_context
@options.force
@options.restart
def mutate(
    genome_path: Path | None,
    output: Path,
    at: Path | None,
    variants: tuple[str, ...],
    sequence: Path | None,
    everywhere: bool,
    regions: Path | None,
    shard: str | None,
    model: str | None,
    circular: tuple[str, ...],
    force: bool,
    restart: bool,
    **options: Any,
) -> None:
    """Compute what changes of the sequence do to the model output: exact, each mutant is predicted.

    One of --at, --vcf, --from and --all says what is changed. GENOME: FASTA (plain or gzip), 2bit, GenBank or EMBL.
    Effects are changes of the log-odds of the model output (natural logarithm), or of the output itself, 0 to 1.

    \b
    --at writes in the output folder:
      effects.tsv             a row per substitution: effect at the TSS, and on the best output within 5 nt
      sites.tsv               a row per TSS: its output, the changes that lower and raise it most
      effects.npz             the same as arrays (sites, offsets, letters)
      heat_map.svg, .png, .pdf, heat_maps/   mean of all TSS, and single ones, with letters
    --vcf writes:
      NAME.mutate.vcf         the lines of the file with new INFO fields (TT_...)
      NAME.mutate.tsv         a row per allele: largest gain and loss on each strand, TSS created, destroyed, moved;
                              of variants of the command line, these columns are also printed
    --all writes, for `tracktools hub build`:
      NAME.gain.bw, NAME.loss.bw   largest change of output by a substitution of each base
      NAME.mean_gain.bw, NAME.mean_loss.bw   mean of its three substitutions
    --from writes:
      changes.tsv             the best single and double substitutions that raise or lower the TSS

    After a kill, give the same command again: it continues. With `-m ecoli-tss`, the transformer, every change costs a
    thousand times more; the expected time is printed before a run.

    \b
    Examples:
      tracktools mutate genome.fa.gz --at curated.bed -o at --circular all
      tracktools mutate genome.fa.gz --vcf variants.vcf.gz -o effects --circular all
      tracktools mutate --from plasmid.gb --best 5 -o changes
      tracktools mutate genome.fa.gz --all -o landscape --circular all
    """
    from tracktools.circles import load_joined
    from tracktools.model.registry import as_model
    from tracktools.run import check_output

    kinds = (("--at", at), ("--vcf", variants), ("--from", sequence), ("--all", everywhere))
    chosen = [name for name, value in kinds if value]
    if len(chosen) != 1:
        raise click.UsageError(f"one of --at, --vcf, --from and --all is needed, and there are {len(chosen)}")
    if not everywhere and (regions is not None or shard is not None):
        raise click.UsageError(f"{'--shard' if regions is None else '--regions'} goes with --all")
    path = genome_path if sequence is None else sequence
    if path is None:
        raise click.UsageError("GENOME is needed")
    if genome_path is not None and sequence is not None:
        raise click.UsageError("--from brings the sequence: leave out GENOME")
    check_output(output, force=force, inputs=[path, *([] if at is None else [at])])
    checkpoint = as_model(model)
    genome = load_joined(path, circular, checkpoint.config)
    config = PredictConfig(
        **{name: options[name] for name in ("engine", "device", "threads", "threshold", "gene_context")}
    )
    common = {"model": checkpoint, "config": config, "host": options["descriptor_of"], "force": force}
    named = {"renames": options["renames"], "only_genome": options["only_genome"], "restart": restart}
    if everywhere:
        click.echo(_run_all(genome, output, regions, shard, common | {"restart": restart}))
    elif at is not None:
        click.echo(_run_at(genome, at, output, options, common | named))
    elif variants:
        click.echo(_run_vcf(genome, variants, output, common | named))
    else:
        click.echo(_run_from(genome, output, options, common))


def _run_all(genome: Genome, output: Path, regions: Path | None, shard: str | None, common: dict[str, Any]) -> str:
    from tracktools.mutate import mutate_all
    from tracktools.predict import Shard, read_selection

    part = None if shard is None else Shard.parse(shard)
    chosen = None if regions is None else read_selection(regions, genome)
    folder = mutate_all(genome, output, regions=chosen, shard=part, **common)
    return f"{folder}" if part is None else f"{folder}: shard {part}; join all with `tracktools merge`"


def _run_at(genome: Genome, at: Path, output: Path, options: dict[str, Any], common: dict[str, Any]) -> str:
    from tracktools.counting import count_line
    from tracktools.mutate import mutate_sites

    settings = MutateConfig(upstream_bp=options["upstream"], downstream_bp=options["downstream"], drawn=options["draw"])
    result = mutate_sites(genome, at, output, mutate=settings, **common)
    return count_line(len(result.sites), result.left_out, "TSS")


def _run_vcf(genome: Genome, variants: tuple[str, ...], output: Path, common: dict[str, Any]) -> str:
    from tracktools.counting import count_line
    from tracktools.mutate import mutate_variants
    from tracktools.mutate.info import short_table
    from tracktools.mutate.variants import is_notation, line_of_notation

    for word in variants:
        if ">" in word and not Path(word).exists():
            line_of_notation(word, genome, common["renames"])  # refuses what is no variant
    files = [one for one in variants if Path(one).exists() or not is_notation(one)]
    if files and len(variants) > 1:
        raise click.UsageError(f"--vcf takes one file, or variants: {files[0]!r} is a file among others")
    made = mutate_variants(genome, Path(files[0]) if files else variants, output, **common)
    lines = [] if files else [short_table(made.table.read_text(encoding="utf-8")), f"All columns: {made.table}"]
    return "\n".join([*lines, count_line(made.n_computed, made.left_out, "alleles"), f"{made.vcf}"])


def _run_from(genome: Genome, output: Path, options: dict[str, Any], common: dict[str, Any]) -> str:
    from tracktools.mutate import design_changes

    made = design_changes(genome, output, tss=options["tss"], mutate=MutateConfig(best=options["best"]), **common)
    table = made.table.to_csv(sep="\t", index=False, float_format="%.4g", lineterminator="\n").rstrip()
    return f"{table}\nTSS {made.contig}:{made.position + 1}:{made.strand}, model output {made.output:.3g} unchanged"
