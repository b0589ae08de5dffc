"""``hub build``: data folders in, one folder out that UCSC, IGV and JBrowse open."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracktools.concise import concise
from tracktools.config import HubConfig
from tracktools.errors import InputError, OutputError
from tracktools.formats.input_file import real_path
from tracktools.genome import Genome, as_genome
from tracktools.hub.arrange import arrange_groups
from tracktools.hub.assembly import busiest_position, describe_assembly
from tracktools.hub.clients.bookmarks import find_bookmarks
from tracktools.hub.clients.igvjs import MISSING, IgvJs, find_igv_js
from tracktools.hub.clients.links import check_base_url, client_links
from tracktools.hub.clients.names import names_tsv
from tracktools.hub.convert.source import (
    Converted,
    convert_source,
    hide_found_genes,
    holds_called_tss,
    measured_sets,
)
from tracktools.hub.gather import gather_sources, genes_source
from tracktools.hub.model import Assembly, Hub, Source
from tracktools.hub.render import Templates
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS, label
from tracktools.hub.write import write_hub
from tracktools.input_sign import pair_notes
from tracktools.regions import Annotation, PlacedAnnotation, own_annotation
from tracktools.run import output_folder
from tracktools.tracks import HasFolder, folder_of

_log = logging.getLogger(__name__)
_NOT = re.compile(r"(?i)\b(no|not)\b")
_REDISTRIBUTE = re.compile(r"(?i)\bredistribut")


@concise
@dataclass(frozen=True)
class BuiltHub:
    """What `build_hub` made.

    Parameters
    ----------
    folder : Path
        Where it is.
    hub : Hub
        Its tree.
    size_bytes : int
        Of all its files.
    links : dict of str to str
        What to click once it is on the web, by browser; empty without a base URL.
    left_out : tuple of str
        What is missing from it, and how to get it.
    not_to_publish : tuple of str
        Tracks whose terms forbid that others get them.
    counts : tuple of str
        What of an annotation was taken and left out, a line each.
    """

    folder: Path
    hub: Hub
    size_bytes: int
    links: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    not_to_publish: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


def build_hub(
    folders: Sequence[Path | str | HasFolder],
    output: Path | str,
    *,
    genome: Genome | Path | str,
    genes: Annotation | PlacedAnnotation | Path | str | None = None,
    bams: Sequence[Path | str] = (),
    attach: str | None = None,
    base_url: str | None = None,
    templates: Path | str | None = None,
    igv_js: Path | str | None = None,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
    email: str = HubConfig.email,
    allow_outside: bool = False,
    report: str | None = None,
    force: bool = False,
) -> BuiltHub:
    """Build a track hub with sessions for IGV and JBrowse.

    The same inputs and versions give the same bytes: nothing in a hub tells the time or the place of its making.

    Parameters
    ----------
    folders : sequence of Path, str, or what a function made
        Folders with a ``tracks.tsv`` (or such files), as every command writes them or as written by hand; or data
        files, whose kind is seen in their content; or what wrote such a folder: a `Prediction`, say.
    output : Path
        Folder to write; it appears complete or not at all.
    genome : Genome, Path or str
        From `load_genome`, or the file: FASTA, 2bit, GenBank, or GFF3 with its sequence.
    genes : Annotation, PlacedAnnotation, Path or str, optional
        Genes and pseudogenes: from `read_annotation` or `place_annotation`, or the GFF3, GTF or GenBank file; by
        default those that the genome file itself contains, where `genome` is a file.
    bams : sequence of Path, optional
        Alignments, each with its index next to it.
    attach : str, optional
        Name of a genome that UCSC knows: the tracks are added to it, instead of a genome of the hub's own.
    base_url : str, optional
        Address that the folder will have on the web; links are made for it. Paths in the hub stay relative.
    templates : Path or str, optional
        Folder whose files override packaged templates.
    igv_js : Path or str, optional
        ``igv.min.js`` for ``index.html``; by default an installed one.
    renames : mapping of str to str, optional
        Name of a sequence in the files to its name in the genome; they win over the known names. Such a name works as
        a locus in the hub, too.
    circular : collection of str
        Circular sequences of the genome, or ``all``: a gene may cross their origin.
    only_genome : bool
        Leave out, and count, genes and items of BED on sequences that the genome does not have; a signal or BAM that
        has such sequences is refused all the same.
    email : str
        Whom the hub names; UCSC wants one.
    allow_outside : bool
        Take files that a ``tracks.tsv`` names outside its own folder, too, see `gather_sources`.
    report : str, optional
        Text of a page, ``report.html``, that ``index.html`` links; see `tracktools.report.report_text`.
    force : bool
        Whether to replace `output`.

    Returns
    -------
    BuiltHub
        The folder, and the tree that was written.

    Raises
    ------
    InputError
        If an input is missing, damaged, empty, or not of this genome; nothing is left behind.
    OutputError
        If `output` is not empty, or cannot be written.
    ConfigError
        If `base_url` is no address.
    """
    address = check_base_url(base_url) if base_url is not None else None
    texts = Templates(None if templates is None else Path(templates))
    script = find_igv_js(None if igv_js is None else Path(igv_js))
    output, annotation = Path(output), Path(genes) if isinstance(genes, str) else genes
    inputs_given, alignments = [folder_of(place) for place in folders], [Path(path) for path in bams]
    sequences = as_genome(genome, circular)
    genome_file = None if isinstance(genome, Genome) else Path(genome)
    sources = gather_sources(inputs_given, annotation, alignments, sequences, allow_outside=allow_outside)
    if annotation is None and genome_file is not None:
        sources += _own_genes(genome_file, sources)
    sources = hide_found_genes(sources)
    _check_inputs(sources, Path(output))
    facts, facts_path = texts.facts()
    assembly = describe_assembly(sequences, facts, path=facts_path, attach=attach, renames=renames)
    given = (*inputs_given, genome_file, *alignments, templates, igv_js)
    inputs = [*(source.row.path for source in sources), *(Path(path) for path in given if path is not None)]
    with output_folder(output, force=force, inputs=inputs) as folder:
        converted = _convert(sources, folder, sequences, renames, only_genome)
        _check_names(converted)
        hub = _hub(converted, assembly, sequences, email)
        notes = _sign_notes(hub)
        links = client_links(hub, address) if address else {}
        names = names_tsv(converted)
        write_hub(folder, hub, sequences, texts, igv_js=script, links=links, names=names, report=report)
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    for note in notes:
        _log.warning("warning: %s", note)
    bound = tuple(track.name for track in hub if _forbids(track.source.row.licence))
    counts = tuple(item.count_line for item in converted if item.count_line)
    return BuiltHub(output, hub, size_bytes, links, _left_out(script), bound, counts)


def _own_genes(genome: Path, sources: Sequence[Source]) -> list[Source]:
    """Return the genes of a genome file that is an annotation, too, where no input brings genes."""
    taken = {source.row.name for source in sources}
    annotation = None if taken & {"genes", "pseudogenes"} else own_annotation(genome)
    return [] if annotation is None else [genes_source(annotation)]


def _convert(
    sources: Sequence[Source], folder: Path, genome: Genome, renames: Mapping[str, str] | None, only_genome: bool
) -> list[Converted]:
    """Write the tracks, in the order of their sources; called TSS last, since they are compared with the measured."""
    done: dict[int, list[Converted]] = {}
    rings = [contig.name for contig in genome if contig.circular]
    late = [number for number, source in enumerate(sources) if holds_called_tss(source)]
    for number in [*(number for number in range(len(sources)) if number not in late), *late]:
        source = sources[number]
        _log.info("%s: %s", source.row.name, source.row.path)
        measured = measured_sets([item for items in done.values() for item in items]) if number in late else []
        done[number] = convert_source(
            source,
            folder,
            genome.chrom_sizes,
            renames=renames,
            measured=measured,
            circular=rings,
            only_genome=only_genome,
        )
    return [item for number in sorted(done) for item in done[number]]


def _hub(converted: Sequence[Converted], assembly: Assembly, genome: Genome, email: str) -> Hub:
    first = _default_position(converted, genome)
    return Hub(
        name=label(f"tracktools_{assembly.genome}".replace(".", "_")),
        short_label=label(_short_name(assembly.organism), SHORT_LABEL_CHARACTERS),
        long_label=label(f"Transcription start sites of {assembly.organism}", LONG_LABEL_CHARACTERS),
        email=label(email),
        assembly=replace(assembly, default_position=first),
        groups=arrange_groups([item.track for item in converted]),
        bookmarks=find_bookmarks(converted, genome.chrom_sizes, first),
    )


def _sign_notes(hub: Hub) -> list[str]:
    """Return what to say of the signs of stranded signals, and of a strand that gave nothing."""
    notes = []
    for group in hub.groups:
        for mirror in group.mirrors:
            signs = mirror.plus.contents.sign, mirror.minus.contents.sign
            if signs[0] is not None and signs[1] is not None:
                notes += pair_notes(signs[0], signs[1])
    return notes


def _check_inputs(sources: Sequence[Source], output: Path) -> None:
    """Check that there is something to show, and that none of it is where the hub will be written."""
    if not sources:
        raise InputError(
            "there is no track to show", hint="name a folder with a tracks.tsv, or give --annotation or --bam"
        )
    for source in sources:
        if real_path(output) in real_path(source.row.path).parents:
            raise OutputError(f"contains an input, {source.row.path.name}", path=output, hint="name another folder")


def _check_names(converted: Sequence[Converted]) -> None:
    """Check that the tracks that one file became have names that no other has."""
    seen: dict[str, Path] = {}
    for item in converted:
        if item.track.name in seen:
            raise InputError(
                f"track name {item.track.name!r} is used twice, also in {seen[item.track.name]}",
                path=item.track.source.origin,
                hint="leave one of them out, or rename it in its tracks.tsv",
            )
        seen[item.track.name] = item.track.source.origin


def _short_name(organism: str) -> str:
    """Return what fits left of a track: the genus as a letter, whole words, and TSS.

    Examples
    --------
    >>> _short_name("Escherichia coli K-12 MG1655"), _short_name("genome_7")
    ('E. coli K-12 TSS', 'genome_7 TSS')
    """
    words = organism.split()
    if len(words) > 1:
        words[0] = words[0][0] + "."
    while len(words) > 1 and len(" ".join([*words, "TSS"])) > SHORT_LABEL_CHARACTERS:
        words.pop()
    return " ".join([*words, "TSS"])


def _default_position(converted: Sequence[Converted], genome: Genome) -> str:
    """Open where the best TSS set is busiest: curated, then measured, then called."""
    tables = [(item.track.group, item.table) for item in converted if item.table is not None]
    curated = [table for _, table in tables if "support" in table]
    others = [table for wanted in ("tss", "predictions") for group, table in tables if group == wanted]
    return busiest_position([*curated, *others], genome.chrom_sizes)


def _left_out(igv_js: IgvJs | None) -> tuple[str, ...]:
    return () if igv_js else (f"index.html shows no tracks: {MISSING}",)


def _forbids(licence: str) -> bool:
    """Return whether a licence forbids to pass data on."""
    found = _NOT.search(licence)
    return found is not None and _REDISTRIBUTE.search(licence, found.end()) is not None
