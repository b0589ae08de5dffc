"""Sections of what lies around TSS: promoters, profiles, heads, genes, pseudogenes, reads, the hub."""

from __future__ import annotations

import pandas as pd

from tracktools.figures.overview import draw_bars
from tracktools.formats.bed import read_bed
from tracktools.report.folders import Folder
from tracktools.report.page import Section, Table
from tracktools.report.predicted import LISTED, grouped, is_number
from tracktools.tracks import read_tracks

_LEVEL_COLUMNS = {
    "signal": "signal", "level": "where", "direction": "strand", "regions": "regions", "n": "values", "mean": "mean",
    "median": "median", "medianOfMaxima": "median of the maxima",
}  # fmt: skip
_LEVEL_NUMBERS = ("regions", "n", "mean", "median", "medianOfMaxima")
_LEVELS = {
    "all": "all bases", "coding": "in a CDS", "noncoding": "outside CDS", "operon": "between genes of an operon",
}  # fmt: skip
_PSEUDOGENE_COLUMNS = {
    "rank": "rank", "gene": "gene", "contig": "contig", "start": "start", "end": "end", "strand": "strand",
    "upstream_output": "upstream", "predicted_tss": "called TSS", "measured_tss": "measured TSS",
    "inside_output": "inside", "antisense_output": "antisense",
}  # fmt: skip
_RARE = 0.05  # see tracktools.answers.promoter_folder
_SPACER = 17  # bases between -35 and -10 of the textbook promoter


def promoters_section(folder: Folder) -> Section:
    """Return the logo of the promoter elements."""
    section = Section("Promoter elements", where=folder.name)
    table = folder.table("promoters.tsv", ("minus10", "minus35", "spacer_length"))
    spacers = table["spacer_length"].value_counts()
    section.numbers["promoters"] = len(table)
    section.see.append(
        f"The −35 and −10 hexamers, and the distance between them. Above: what each letter adds to the score of a "
        f"pair, learnt from {folder.parameters.get('n', 0):,} TSS ({folder.parameters.get('source', 'unknown')}). "
        "Below: the letters of those TSS of the set that stand out from chance. TTGACA and TATAAT are the hexamers of "
        "the main sigma factor of most bacteria."
    )
    if len(spacers):
        near = sum(int(spacers.get(str(n), 0)) for n in (_SPACER - 1, _SPACER, _SPACER + 1))
        section.see.append(
            f"In the set, {near:,} of {len(table):,} best pairs ({near / len(table):.0%}) are {_SPACER - 1} to "
            f"{_SPACER + 1} bases apart."
        )
    if "promoter_by_chance" in table and len(table):
        rare = int((table["promoter_by_chance"].astype(float) <= _RARE).sum())
        section.numbers["promoters_above_chance"] = rare
        section.see.append(
            f"Every TSS gets a pair, good or bad: {rare:,} of {len(table):,} ({rare / len(table):.0%}) score higher "
            "than 95 % of random places of this genome; chance alone gives 5 %. Far fewer than half means that other "
            "elements or sigma factors are at work, or that positions are wrong."
        )
    section.show(
        folder.path / "elements.png", "Logos of the −35 and −10 hexamers, and bars of the distance between them"
    )
    return section


def profile_section(folder: Folder) -> Section:
    """Return the signal around sites, and its levels."""
    section = Section("Signal around sites", where=folder.name)
    table = folder.table("profile.tsv", ("signal", "sites", "direction", "offset", "n", "median"))
    floors = folder.table("baseline.tsv", ("signal", "median")).set_index("signal")["median"].to_dict()
    sense = table[table["direction"] == "sense"]
    for (signal, sites), part in sense.groupby(["signal", "sites"], sort=False):
        known = part[[is_number(text) for text in part["median"]]]
        if len(known):
            section.see.append(_highest(str(signal), str(sites), known, floors.get(str(signal), "")))
    section.see.append(
        "Offset 0 is the site, downstream is to the right. The line is the median, its band the 95 % interval, the "
        "pale band the quartiles; the dashed line is the median of the whole signal."
    )
    section.show(folder.path / "profile.png", "Median signal by offset from the sites, sense and antisense")
    section.show(folder.path / "heat_map.png", "Heat map of the signal, a row per site, the strongest on top")
    if (folder.path / "levels.tsv").is_file():
        levels = folder.table("levels.tsv", ("signal", "level", "mean", "median"))
        names = [name for name in _LEVEL_COLUMNS if name in levels]
        rows = [[_LEVELS.get(row[name], grouped(row[name])) for name in names] for row in levels.to_dict("records")]
        numbers = [names.index(name) for name in names if name in _LEVEL_NUMBERS]
        titles = [_LEVEL_COLUMNS[name] for name in names]
        section.tables.append(Table("Levels of the signal in genes and between them", titles, rows, numbers))
    return section


def _highest(signal: str, sites: str, known: pd.DataFrame, floor: str) -> str:
    """Return where the median is highest, and how much that is above the median of all bases."""
    medians = known["median"].astype(float).to_numpy()
    n = max(map(int, known["n"]))
    if medians.min() == medians.max():
        return (
            f"{signal} around {sites} (up to {n:,} sites): the median is {medians[0]:.3g} at every offset, as at most "
            "sites there is no signal. The heat map shows the sites that have some."
        )
    best = known.to_dict("records")[int(medians.argmax())]
    offset, value = int(best["offset"]), float(best["median"])
    where = "on the site itself" if not offset else f"{abs(offset)} nt {'down' if offset > 0 else 'up'}stream"
    ratio = float(f"{value / float(floor):.2g}") if is_number(floor) and float(floor) else 0.0
    times = f", {f'{ratio:,.0f}' if ratio >= 10 else f'{ratio:g}'} times the median of all bases" if ratio else ""
    return f"{signal} around {sites} (up to {n:,} sites): the median is highest {where}, {value:.3g}{times}."


def motifs_section(folder: Folder) -> Section:
    """Return the motifs of attention heads."""
    section = Section("Attention heads", where=folder.name)
    table = folder.table("motifs.tsv", ("head", "status", "consensus", "bestMatch", "nSites"))
    found = table[table["status"] == "motif"]
    section.numbers |= {"heads": len(table), "heads_with_motif": len(found)}
    section.see.append(
        f"{len(found):,} of {len(table):,} heads have a motif. A head attends to places, so read a motif as letters "
        "near which it looks; ablation tells whether it matters for the output, see the folder's own index.html."
    )
    section.show(folder.path / "logo_sheet.png", "Logos of all heads that have a motif")
    section.show(folder.path / "spacing.png", "Bases between −35 and −10, and where each begins")
    columns = ("head", "consensus", "sites", "best match")
    rows = [[r["head"], r["consensus"], grouped(r["nSites"]), r["bestMatch"]] for r in found.to_dict("records")]
    section.tables.append(Table("Heads with a motif", columns, rows, numbers=(2,)))
    return section


def attention_section(folder: Folder) -> Section:
    """Return where heads attend to."""
    section = Section("Where heads attend", where=folder.name)
    groups = folder.table("groups.tsv", ("group", "n"))
    sizes = ", ".join(f"{grouped(row['n'])} of “{row['group']}”" for row in groups.to_dict("records"))
    section.see.append(
        f"Mean attention by offset from the position that is scored, at {sizes}: a peak is an offset that a head "
        "looks at whatever the sequence."
    )
    section.show(folder.path / "figures" / "mean_attention.png", "Mean attention of each head by offset")
    section.show(folder.path / "figures" / "profiles_mean.png", "Mean attention by offset, a panel per head")
    return section


def annotation_section(folder: Folder) -> Section:
    """Return how many genes and pseudogenes there are."""
    section = Section("Genes", where=folder.name)
    counts: dict[str, int] = {}
    for track in read_tracks(folder.path):
        table, _ = read_bed(track.path, any_score=True)
        for biotype, number in (table["biotype"].value_counts() if "biotype" in table else {}).items():
            kind = str(biotype).replace("_", " ") or "of no kind"
            counts[kind] = counts.get(kind, 0) + int(number)
    section.see.append(
        "Rows of the tracks of genes and pseudogenes, by kind; a gene in parts has a row for each. Without pseudogenes "
        "or RNA genes, the annotation has only what codes for proteins."
    )
    if counts:
        section.draw(
            lambda home: draw_bars(counts, "rows", home, "genes"),
            "Rows by kind: " + ", ".join(f"{name} {n:,}" for name, n in counts.items()),
        )
    section.numbers |= {f"genes_{name}".replace(" ", "_"): count for name, count in counts.items()}
    return section


def ranking_section(folder: Folder) -> Section:
    """Return the pseudogenes that look most alive."""
    section = Section("Pseudogenes, ranked", where=folder.name)
    table = folder.table("pseudogenes.tsv", ("rank", "gene", "contig", "start", "end", "strand", "upstream_output"))
    section.numbers["pseudogenes"] = len(table)
    called = int((table["predicted_tss"] != "").sum()) if "predicted_tss" in table else 0
    section.see.append(
        f"{len(table):,} pseudogenes, those with the strongest start site upstream first; {called:,} have a called TSS "
        "there. A pseudogene high in the list may still be transcribed, or its start site is that of a gene in "
        "between; high output on the other strand may silence it."
    )
    section.show(folder.path / "pseudogenes.png", "Highest model output upstream of each pseudogene, by rank")
    columns = [name for name in _PSEUDOGENE_COLUMNS if name in table]
    rows = [[grouped(row[name]) for name in columns] for row in table.head(LISTED).to_dict("records")]
    caption = (
        f"The first {min(LISTED, len(table))} of {len(table):,}; all in pseudogenes.tsv. Upstream, inside and "
        "antisense: the highest output there"
    )
    numbers = [at for at, name in enumerate(columns) if name not in ("gene", "contig", "strand")]
    section.tables.append(Table(caption, [_PSEUDOGENE_COLUMNS[name] for name in columns], rows, numbers))
    return section


def reads_section(folders: list[Folder]) -> Section:
    """Return what signals of reads there are."""
    section = Section("Signals of reads", where=", ".join(folder.name for folder in folders))
    rows, sizes = [], {}
    for folder in folders:
        for track in read_tracks(folder.path):
            sizes[track.path.name] = track.path.stat().st_size / 1e6
            rows.append([track.name, track.strand, track.long_label, str(folder.parameters.get("counts") or "")])
    section.see.append(
        "Signals that were read from files of reads. To see them next to the model output, name their folders in "
        "tracktools hub build."
    )
    section.tables.append(Table("Tracks", ("track", "strand", "what", "rows read"), rows))
    return section


def hub_section(folders: list[Folder]) -> Section:
    """Return where the hubs are."""
    section = Section("Track hub", where=", ".join(folder.name for folder in folders))
    for folder in folders:
        title = next(
            (line.split(" ", 1)[1] for line in _lines(folder) if line.startswith("shortLabel ")),
            folder.path.name,
        )
        section.see.append(
            f"“{title}” in {folder.name}: look at it with “tracktools hub serve {folder.name}”, or put the folder on a "
            "web server and give the address of its hub.txt to UCSC, IGV or JBrowse."
        )
    return section


def _lines(folder: Folder) -> list[str]:
    from tracktools.formats.input_file import read_text

    return read_text(folder.path / "hub.txt").splitlines()
