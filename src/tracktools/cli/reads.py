"""``tracktools reads``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from tracktools.cli import options
from tracktools.config import ReadsConfig

if TYPE_CHECKING:
    from tracktools.reads.fragments import Library


@click.command()
@click.argument("files", metavar="[BAM|SAM|CRAM]...", nargs=-1, type=options.PATH)
@click.option(
    "--plus",
    multiple=True,
    type=options.PATH,
    help="Instead of BAM: bigWig, bedGraph or wiggle of the + strand; repeat for replicates.",
)
@click.option(
    "--minus", multiple=True, type=options.PATH, help="The same for the - strand; values may be stored negative."
)
@options.output
@click.option("--name", required=True, help="Name of the tracks and stem of the files.")
@options.genome(default="names and lengths in the header of the BAM, CRAM or bigWig")
@click.option(
    "--library",
    type=click.Choice(["forward", "reverse", "unstranded"]),
    help="BAM, required: read 1 has the sequence of the RNA (forward), its reverse complement (reverse: dUTP), or "
    "either (unstranded).",
)
@click.option(
    "--signal",
    type=click.Choice(["coverage", "5prime", "3prime"]),
    default=ReadsConfig.signal,
    show_default=True,
    help="BAM: count a fragment at all its bases, or only at the 5' or 3' end of the RNA, if a read starts there.",
)
@click.option(
    "--min-mapq",
    type=click.IntRange(0, 254),
    default=ReadsConfig.min_mapq,
    show_default=True,
    help="BAM: skip reads below this mapping quality.",
)
@click.option(
    "--combine",
    type=click.Choice(["sum", "mean"]),
    default=ReadsConfig.combine,
    show_default=True,
    help="Add replicates, or average them.",
)
@click.option(
    "--normalise",
    type=click.Choice(["none", "cpm"]),
    default=ReadsConfig.normalise,
    show_default=True,
    help="BAM: none: counts; cpm: counts per million counted fragments of the file.",
)
@options.annotation(
    "GFF3, GTF or GenBank: print how much of the signal in genes is on their strand.", default="no check"
)
@options.rename
@options.only_genome
@options.force
def reads(
    files: tuple[Path, ...],
    plus: tuple[Path, ...],
    minus: tuple[Path, ...],
    output: Path,
    name: str,
    genome: Path | None,
    library: str | None,
    annotation: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    force: bool,
    **settings: Any,
) -> None:
    """Write measured reads as one bigWig per strand: from BAM, SAM or CRAM, or from bigWig, bedGraph or wiggle.

    The + track is RNA of the + strand; both tracks are positive. BAM must be sorted by coordinate; it needs no index,
    and CRAM needs no reference. Several files are replicates. The kind of a file is recognised by its content, not by
    its name. The last line counts what was read, taken and left out, and why.

    \b
    Writes DIR/<name>.plus.bw, DIR/<name>.minus.bw   (DIR/<name>.bw for an unstranded library)
           DIR/tracks.tsv, DIR/provenance.json

    \b
    Examples:
      tracktools reads rna_1.bam rna_2.bam --library reverse --name rnaseq --annotation genes.gff3 -o rnaseq/
      tracktools reads --plus fwd.bedgraph.gz --minus rev.bedgraph.gz --genome genome.fa --name termseq -o termseq/
      tracktools reads --plus fwd.bw --minus rev.bw --name tss --rename chr=contig_1 -o tss/
    """
    if bool(files) == bool(plus or minus):
        raise click.UsageError("name either BAM files, or the files of each strand with --plus and --minus")
    if annotation and library == "unstranded":
        raise click.UsageError("--annotation checks strands, and an unstranded library has none")
    config = ReadsConfig(**settings)
    if not files and (library is not None or replace(config, combine=ReadsConfig.combine) != ReadsConfig()):
        raise click.UsageError("--library, --signal, --min-mapq and --normalise are for BAM, not for values")
    from tracktools.genome import load_genome
    from tracktools.reads import AlignmentSignal, SignalReader, ValueSignal, make_read_tracks, refuse_values
    from tracktools.regions import place_annotation

    for path in files:
        refuse_values(path)
    if files and library is None:
        raise click.UsageError("BAM needs --library: forward, reverse (dUTP) or unstranded")
    loaded = load_genome(genome) if genome else None
    names: dict[str, Any] = {"renames": renames, "only_genome": only_genome}
    signal: SignalReader
    if files:
        signal = AlignmentSignal(files, library=cast("Library", library), config=config, genome=loaded, **names)
    else:
        sizes = loaded.chrom_sizes if loaded else None
        signal = ValueSignal(plus, minus, config=config, chrom_sizes=sizes, **names)
    placed = None
    if annotation:
        placed = place_annotation(
            annotation, signal.sizes, renames=renames, circular=signal.sizes, only_genome=only_genome
        )
    genes = None if placed is None else placed.genes
    for track in make_read_tracks(signal, output, name=name, genome=loaded, genes=genes, force=force):
        click.echo(track.path)
    if placed is not None:
        click.echo(placed.count_line)
