"""``hub build``: data folders in, one folder out that UCSC, IGV and JBrowse open."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tracktools.config import HubConfig
from tracktools.formats.bed_schemas import BED3, BedField, BedSchema
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.folder import atomic_folder
from tracktools.formats.twobit import write_twobit
from tracktools.genome import Genome, load_genome
from tracktools.hub.arrange import arrange_groups
from tracktools.hub.assembly import busiest_position, describe_assembly
from tracktools.hub.convert import Converted, convert_source
from tracktools.hub.gather import gather_sources
from tracktools.hub.model import Assembly, Hub
from tracktools.hub.pages import write_pages
from tracktools.hub.render import Templates
from tracktools.hub.sessions import igvjs_session
from tracktools.hub.stanzas import hub_stanzas
from tracktools.tracks import package_versions

_log = logging.getLogger(__name__)


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
    """

    folder: Path
    hub: Hub
    size_bytes: int


def build_hub(
    folders: Sequence[Path],
    output: Path,
    *,
    genome: Path,
    gff: Path | None = None,
    bams: Sequence[Path] = (),
    attach: str | None = None,
    templates: Path | None = None,
    email: str = HubConfig.email,
    force: bool = False,
) -> BuiltHub:
    """Build a track hub with sessions for IGV and JBrowse.

    Parameters
    ----------
    folders : sequence of Path
        Folders with a ``tracks.tsv`` (or such files), as every command writes them or as written by hand.
    output : Path
        Folder to write; it appears complete or not at all.
    genome : Path
        FASTA or 2bit.
    gff : Path, optional
        GFF3 with the genes and pseudogenes.
    bams : sequence of Path, optional
        Alignments, each with its index beside it.
    attach : str, optional
        Name of a genome that UCSC knows: the tracks are added to it, instead of a genome of the hub's own.
    templates : Path, optional
        Folder whose files override packaged templates.
    email : str
        Whom the hub names; UCSC wants one.
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
    """
    texts = Templates(templates)
    sequences = load_genome(genome)
    sources = gather_sources(folders, gff, bams, sequences)
    facts, facts_path = texts.facts()
    assembly = describe_assembly(sequences, facts, path=facts_path, attach=attach)
    with atomic_folder(output, force=force) as folder:
        converted: list[Converted] = []
        for source in sources:
            _log.info("%s: %s", source.row.name, source.row.path)
            converted += convert_source(source, folder, sequences.chrom_sizes)
        assembly = replace(assembly, default_position=_default_position(converted, sequences))
        hub = Hub(
            name=f"tracktools_{assembly.genome}".replace(".", "_"),
            short_label=f"TSS {assembly.genome}"[:17],
            long_label=f"Transcription start sites of {assembly.organism}"[:80],
            email=email,
            assembly=assembly,
            groups=arrange_groups([item.track for item in converted]),
        )
        _write_genome(folder, sequences, assembly)
        write_pages(folder, hub, texts, sequences)
        _write_texts(folder, hub, texts)
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return BuiltHub(output, hub, size_bytes)


def _default_position(converted: Sequence[Converted], genome: Genome) -> str:
    """Open where the best TSS set is busiest: curated, then called, then measured."""
    preferred = ("curated", "predictions", "tss")
    tables = [
        item.table for group in preferred for item in converted if item.track.group == group and item.table is not None
    ]
    return busiest_position(tables, genome.chrom_sizes)


def _write_genome(folder: Path, genome: Genome, assembly: Assembly) -> None:
    """Write the sequences, their lengths and their other names."""
    sizes = "".join(f"{chrom}\t{length}\n" for chrom, length in genome.chrom_sizes.items())
    (folder / "chrom.sizes").write_text(sizes)
    most = max(len(names) for names in assembly.aliases.values())
    rows = [[chrom, *names, *[""] * (most - len(names))] for chrom, names in assembly.aliases.items()]
    header = "\t".join(["# " + assembly.genome, *(f"alias{number}" for number in range(1, most + 1))])
    (folder / "chromAlias.txt").write_text("\n".join([header, *("\t".join(row).rstrip("\t") for row in rows)]) + "\n")
    if not assembly.attached:
        write_twobit(folder / assembly.twobit, ((contig.name, contig.letters) for contig in genome))
        _write_alias_bigbed(folder / "chromAlias.bb", genome, assembly, most)


def _write_alias_bigbed(path: Path, genome: Genome, assembly: Assembly, most: int) -> None:
    """Write the names as UCSC and IGV search them: a bigBed with an index of every column of names."""
    columns = ["name", *(f"alias{number}" for number in range(1, most + 1))]
    fields = [BedField(column, "string", "Another name of the sequence") for column in columns]
    schema = BedSchema("chromAlias", "Names of the sequences", (*BED3.fields, *fields), 3)
    rows = [
        {"chrom": chrom, "chromStart": 0, "chromEnd": genome.chrom_sizes[chrom]}
        # a sequence with fewer names repeats its own: an empty key in an index answers every empty search
        | dict(zip(columns, [chrom, *names, *[chrom] * (most - len(names))], strict=True))
        for chrom, names in assembly.aliases.items()
    ]
    write_bigbed(path, genome.chrom_sizes, pd.DataFrame(rows), schema, index_fields=tuple(columns))


def _write_texts(folder: Path, hub: Hub, texts: Templates) -> None:
    version = package_versions(["tracktools"])["tracktools"]
    (folder / "hub.txt").write_text(texts.render("hub.txt", hub=hub, stanzas=hub_stanzas(hub), version=version))
    (folder / "groups.txt").write_text(texts.render("groups.txt", hub=hub))
    (folder / "igv").mkdir()
    (folder / "igv" / "session.json").write_text(json.dumps(igvjs_session(hub), indent=2) + "\n")
