"""Writing of everything in a hub but the tracks: genome, texts, pages, sessions, provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tracktools.formats.bed_schemas import BED3, BedField, BedSchema
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.twobit import write_twobit
from tracktools.genome import Genome
from tracktools.hub.clients.bookmarks import BOOKMARKS_FILE, bookmarks_bed
from tracktools.hub.clients.igvjs import IgvJs
from tracktools.hub.clients.jbrowse import jbrowse_config
from tracktools.hub.clients.names import NAMES_FILE
from tracktools.hub.clients.sessions import desktop_genome, desktop_session, igvjs_session
from tracktools.hub.model import Assembly, Hub
from tracktools.hub.pages import alias_json, page_json, shared_values, viewer_values, write_pages
from tracktools.hub.render import Templates
from tracktools.hub.stanzas import hub_stanzas
from tracktools.run import PROVENANCE_FILE, without_list
from tracktools.versions import package_versions

_FASTA_LINE_BP = 80


def write_hub(
    folder: Path,
    hub: Hub,
    genome: Genome,
    templates: Templates,
    *,
    igv_js: IgvJs | None,
    links: Mapping[str, str],
    names: str,
    report: str | None = None,
) -> None:
    """Write every file of a hub except its tracks.

    Parameters
    ----------
    folder : Path
        The hub, under construction; its tracks are there.
    hub : Hub
        What to write.
    genome : Genome
        The sequences.
    templates : Templates
        The texts.
    igv_js : IgvJs, optional
        The script of ``index.html``.
    links : mapping of str to str
        Addresses for ``index.html``, by browser.
    names : str
        Names of items and where they are; see `names_tsv`.
    report : str, optional
        Text of ``report.html``.
    """
    version = shared_values(hub)["version"]
    _write(folder / "hub.txt", templates.render("hub.txt", hub=hub, stanzas=hub_stanzas(hub), version=version))
    write_pages(folder, hub, templates, genome)
    _write_json(folder / PROVENANCE_FILE, _provenance(hub, genome))
    if report is not None:
        _write(folder / "report.html", report)
    if hub.assembly.attached:
        return  # the other browsers need a genome of the hub's own
    _write(folder / "groups.txt", templates.render("groups.txt", hub=hub))
    _write_genome(folder, genome, hub.assembly)
    igv, jbrowse = folder / "igv", folder / "jbrowse"
    igv.mkdir()
    jbrowse.mkdir()
    _write_json(igv / "session.json", igvjs_session(hub))
    _write_json(igv / "genome.json", desktop_genome(hub))
    _write(igv / "session.xml", desktop_session(hub))
    _write_fasta(igv / "genome.fa", genome)
    _write_json(jbrowse / "config.json", jbrowse_config(hub))
    if igv_js is not None:
        _write(igv / "igv.min.js", igv_js.text)
    values = viewer_values(hub) | {
        "client_links": links,
        "report": "report.html" if report is not None else "",
        "igv_js": "igv/igv.min.js" if igv_js else "",
        "session_json": page_json(igvjs_session(hub)),
        "aliases_json": alias_json(hub.assembly.aliases),
        "draws_labels": igv_js is not None and igv_js.draws_labels,
    }
    _write(folder / "index.html", templates.render("index.html", **values))
    _write(igv / NAMES_FILE, names)
    _write(igv / BOOKMARKS_FILE, bookmarks_bed(hub.bookmarks))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    _write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _provenance(hub: Hub, genome: Genome) -> dict[str, Any]:
    """Return what made the hub: no clock and no place, so that equal inputs give equal bytes."""
    return {
        "versions": package_versions(["tracktools", "numpy", "pandas", "pyBigWig", "jinja2"]),
        "genome": {"name": genome.name, "sha256": genome.sha256},
        "assembly": hub.assembly.genome,
        "warnings": list(hub.warnings),
        "tracks": [
            {
                "track": track.name,
                "file": track.file,
                "made_from": track.source.row.path.name,
                "made_from_sha256": track.source.row.sha256,
                "provenance": without_list(track.source.provenance),
            }
            | ({"made_from_sign": "negative"} if track.contents.sign and track.contents.sign.negative else {})
            for track in hub
        ],
    }


def _write_genome(folder: Path, genome: Genome, assembly: Assembly) -> None:
    """Write the sequences, their lengths and their other names."""
    write_twobit(folder / assembly.twobit, ((contig.name, contig.letters) for contig in genome))
    _write(folder / "chrom.sizes", "".join(f"{chrom}\t{length}\n" for chrom, length in genome.chrom_sizes.items()))
    most = max(len(names) for names in assembly.aliases.values())
    header = "\t".join(["# " + assembly.genome, *(f"alias{number}" for number in range(1, most + 1))])
    rows = ["\t".join([chrom, *names]) for chrom, names in assembly.aliases.items()]
    _write(folder / "chromAlias.txt", "\n".join([header, *rows]) + "\n")
    _write_alias_bigbed(folder / "chromAlias.bb", assembly, most)


def _write_alias_bigbed(path: Path, assembly: Assembly, most: int) -> None:
    """Write the names as UCSC and IGV search them: a bigBed with an index of every column of names."""
    columns = ["name", *(f"alias{number}" for number in range(1, most + 1))]
    fields = [BedField(column, "string", "A name of the sequence") for column in columns]
    schema = BedSchema("chromAlias", "Names of the sequences", (*BED3.fields, *fields), 3)
    rows = [
        {"chrom": chrom, "chromStart": 0, "chromEnd": assembly.chrom_sizes[chrom]}
        # a sequence with fewer names repeats its own: an empty key in an index answers every empty search
        | dict(zip(columns, [chrom, *names, *[chrom] * (most - len(names))], strict=True))
        for chrom, names in assembly.aliases.items()
    ]
    write_bigbed(path, assembly.chrom_sizes, pd.DataFrame(rows), schema, index_fields=tuple(columns))


def _write_fasta(path: Path, genome: Genome) -> None:
    """Write FASTA and its index: IGV desktop before 2.17 reads no 2bit."""
    offset, index = 0, []
    with path.open("wb") as file:
        for contig in genome:
            offset += file.write(f">{contig.name}\n".encode())
            index.append(f"{contig.name}\t{len(contig)}\t{offset}\t{_FASTA_LINE_BP}\t{_FASTA_LINE_BP + 1}\n")
            letters = contig.letters.tobytes()
            for start in range(0, len(letters), _FASTA_LINE_BP):
                offset += file.write(letters[start : start + _FASTA_LINE_BP] + b"\n")
    _write(path.with_name(path.name + ".fai"), "".join(index))
