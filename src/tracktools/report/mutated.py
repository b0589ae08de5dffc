"""Sections of mutations: what substitutions around TSS do, and what variants do."""

from __future__ import annotations

import re

from tracktools.errors import InputError
from tracktools.report.folders import Folder
from tracktools.report.page import Section, Table
from tracktools.report.predicted import LISTED

_CHANGE = re.compile(r"[ACGTN]([+-][0-9]+)[ACGT]")
_MINUS_10 = range(-14, -6)  # of a TSS, one or two bases of doubt included
_SITES = {
    "name": "TSS", "contig": "contig", "position": "position", "strand": "strand", "modelOutput": "output",
    "lowering": "lowers it most", "loweringEffect": "by", "raising": "raises it most", "raisingEffect": "by ",
}  # fmt: skip
_VARIANTS = {
    "chrom": "contig", "pos": "position", "ref": "REF", "alt": "ALT", "created": "TSS created",
    "destroyed": "TSS destroyed", "moved": "TSS moved",
}  # fmt: skip


def sites_section(folder: Folder) -> Section:
    """Return what each letter around TSS does, in the mean."""
    section = Section("What each letter does", where=folder.name)
    table = folder.table("sites.tsv", tuple(_SITES))
    offsets = [_offset(folder, change) for change in table["lowering"]]
    inside = sum(offset in _MINUS_10 for offset in offsets)
    section.numbers |= {"mutated_tss": len(table), "mutated_tss_minus10": inside}
    section.see.append(
        f"All substitutions around {len(table):,} TSS, with {folder.of('model', 'name') or 'a model'}. The height of a "
        "letter is how much the log-odds of the output at the TSS fall when it is changed, in the mean of the TSS; "
        "below, each new letter. The −10 and the −35 of a promoter are to be seen as words."
    )
    if len(table):
        section.see.append(
            f"In {inside:,} of {len(table):,} ({inside / len(table):.0%}) the substitution that lowers the TSS most is "
            "in or next to the −10."
        )
    section.show(folder.path / "heat_map.png", "Letters around TSS by what they do, and a heat map of substitutions")
    highest = table.iloc[table["modelOutput"].astype(float).argsort()[::-1][:LISTED]]
    rows = [[str(row[name]) for name in _SITES] for row in highest.to_dict("records")]
    numbers = [at for at, name in enumerate(_SITES) if name.endswith("Effect") or name in ("position", "modelOutput")]
    caption = "The TSS with the highest output, and the substitutions that change it most (log-odds)"
    section.tables.append(Table(caption, list(_SITES.values()), rows, numbers))
    return section


def _offset(folder: Folder, change: str) -> int:
    match = _CHANGE.fullmatch(change)
    if match is None:
        hint = "write the folder again, or leave it out"
        raise InputError(f"lowering is {change!r}", path=folder.path / "sites.tsv", value=change, hint=hint)
    return int(match[1])


def variants_section(folder: Folder) -> Section:
    """Return which variants create, destroy or move TSS."""
    section = Section("Variants", where=folder.name)
    path = folder.file("*.mutate.tsv")
    assert path is not None, "by this file the folder was recognised"
    table = folder.table(path.name, tuple(_VARIANTS))
    counts = {name: int((table[name] != "").sum()) for name in ("created", "destroyed", "moved")}
    section.numbers |= {"variant_alleles": len(table)} | {f"alleles_tss_{name}": n for name, n in counts.items()}
    section.see.append(
        f"{len(table):,} alleles, each alone: {counts['created']:,} create a TSS, {counts['destroyed']:,} destroy one, "
        f"{counts['moved']:,} move one by at most 5 bases. A TSS is written position:strand:output."
    )
    changed = table[(table[list(counts)] != "").any(axis=1)].head(LISTED)
    if len(changed):
        rows = [[str(row[name]) for name in _VARIANTS] for row in changed.to_dict("records")]
        caption = f"The first {len(rows)} that change a TSS; all are in {path.name}"
        section.tables.append(Table(caption, list(_VARIANTS.values()), rows, [1]))
    return section
