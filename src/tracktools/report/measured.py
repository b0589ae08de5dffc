"""Sections of measured sets: how many TSS, where sets agree, which class they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracktools.figures.overview import draw_bars
from tracktools.formats.bed import read_bed
from tracktools.palette import GREEN, PURPLE
from tracktools.report.folders import Folder
from tracktools.report.page import Section, Table
from tracktools.report.predicted import grouped, is_number
from tracktools.tracks import read_tracks
from tracktools.tss.classify import CLASSES

_CLASS_WORDS = (
    "Primary: the strongest upstream of a gene; secondary: the others there; internal: in a gene, on its strand; "
    "antisense: in or near a gene, on the other strand; orphan: none of these."
)


def sets_section(folders: list[Folder]) -> Section:
    """Return one section of all imported and lifted sets."""
    section = Section("Measured sets", where=", ".join(folder.name for folder in folders))
    rows, counts = [], {}
    for folder in folders:
        for track in read_tracks(folder.path):
            table, _ = read_bed(track.path, any_score=True)
            counts[f"{track.path.stem} ({folder.path.name})" if track.path.stem in counts else track.path.stem] = len(
                table
            )
            taken = str(folder.parameters.get("counts") or "")
            rows.append([track.path.stem, f"{len(table):,}", folder.of("genome", "name"), track.source, taken])
    section.see.append(
        "How many TSS each set has. Sets of one organism differ by the method, the condition, and how far the authors "
        "trusted weak sites: ten times as many seldom means ten times as many true ones."
    )
    section.draw(lambda home: draw_bars(counts, "TSS", home, "sets"), _words(counts, "TSS"))
    section.tables.append(Table("Sets", ("set", "TSS", "genome", "source", "rows read"), rows, numbers=(1,)))
    return section


def curate_section(folder: Folder) -> Section:
    """Return where sets agree."""
    section = Section("Curated set", where=folder.name)
    support = folder.table("support.tsv", ("support", "curated"))
    sources = folder.table("sources.tsv", ("source", "positions", "shared", "share"))
    counts = {f"in {row['support']} set{'s' * (row['support'] != '1')}": _whole(row["curated"])
              for row in support.to_dict("records")}  # fmt: skip
    section.numbers |= {f"tss_{name.replace(' ', '_')}": count for name, count in counts.items()}
    section.see.append(
        "TSS by how many sets have them. Those in two sets or more were found by experiments that err in different "
        "ways: they are the ones to trust."
    )
    section.draw(lambda home: draw_bars(counts, "TSS", home, "support", color=GREEN), _words(counts, "TSS"))
    rows = [
        [row["source"], grouped(row["positions"]), grouped(row["shared"]), percent(row["share"])]
        for row in sources.to_dict("records")
    ]
    columns = ("set", "TSS", "shared with another", "share")
    section.tables.append(Table("How much of each set another one has", columns, rows, numbers=(1, 2, 3)))
    return section


def compare_section(folder: Folder) -> Section:
    """Return the overlaps of sets."""
    section = Section("Overlap of sets", where=folder.name)
    section.see.append("Each column is a combination of sets, with the number of TSS that exactly these have.")
    section.show(folder.path / "upset.png", "TSS by the combination of sets that have them")
    section.see.append("Distances to the nearest TSS of another set: a peak at 0 means that both name the same base.")
    section.show(folder.path / "distances.png", "Distances of TSS of one set to the nearest of another")
    return section


def classify_section(folder: Folder) -> Section:
    """Return the classes of a set by annotation."""
    section = Section("Classes by annotation", where=folder.name)
    beds = [track.path for track in read_tracks(folder.path) if track.format == "bed"]
    tables = [read_bed(path, any_score=True)[0] for path in beds]
    classes = [str(word) for table in tables if "class" in table for word in table["class"]]
    return _classes(section, classes)


def table_section(folder: Folder) -> Section:
    """Return what the table of TSS says of genes."""
    section = Section("TSS and their genes", where=folder.name)
    table = folder.table("tss.tsv", ("id", "contig", "position", "strand"))
    section.see.append(
        f"{len(table):,} TSS, a row each in tss.tsv, tss.xlsx and tss.parquet; columns.tsv says what they mean."
    )
    section.numbers["tss_in_table"] = len(table)
    if "class" in table:
        _classes(section, list(table["class"]))
    if "utr_length" in table and "class" in table:
        primary = table.loc[table["class"] == "primary", "utr_length"]
        lengths = sorted(int(value) for value in primary if value.isdigit() and len(value) < 10)
        if lengths:
            middle = lengths[len(lengths) // 2]
            section.see.append(f"Half of the {len(lengths):,} 5' UTRs of primary TSS are shorter than {middle:,} nt.")
    return section


def _classes(section: Section, classes: list[str]) -> Section:
    words = [*CLASSES, *sorted(set(classes) - {*CLASSES, ""})]
    counts = {word: classes.count(word) for word in words if word in classes}
    if counts:
        section.see.append(_CLASS_WORDS)
        section.draw(lambda home: draw_bars(counts, "TSS", home, "classes", color=PURPLE), _words(counts, "TSS"))
        section.numbers |= {f"class_{name}": count for name, count in counts.items()}
    return section


def percent(text: str) -> str:
    """Return a share as a percentage; a text that is no number as it is."""
    return f"{float(text):.0%}" if is_number(text) else text


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _words(counts: Mapping[str, Any], what: str) -> str:
    return f"{what}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())
