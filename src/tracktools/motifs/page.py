"""The page of results: ``index.html``, one file that needs no other. Every value is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from tracktools.motifs.attention_folder import AttentionFolder
from tracktools.motifs.discover import Enrichment, HeadMotif
from tracktools.motifs.profiles import profile_svg
from tracktools.motifs.sites import SiteBed
from tracktools.motifs.textbook import Textbook
from tracktools.palette import css

_PAGE = Markup("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
.tracktools td img {{ max-width: none; vertical-align: middle; }}
.tracktools td.none {{ color: #57606a; font-size: .88rem; max-width: 14rem; }}
.tracktools table.heads th {{ background: #fff; position: sticky; top: 0; white-space: normal; }}
.tracktools table.heads tr th:first-child {{ white-space: nowrap; }}
.tracktools table.heads {{ font-size: .85rem; }}
.tracktools table.heads td.match {{ min-width: 8rem; overflow-wrap: anywhere; }}
.tracktools table.heads .number {{ white-space: nowrap; }}
.tracktools img.wide {{ max-width: 100%; }}
</style>
</head>
<body>
<div class="tracktools wide">
<h1>{title}</h1>
<p class="lead">{lead}</p>
{notes}
<div class="note"><strong>An attended position is not a single base.</strong> Before a head of the first layer attends,
a convolution has mixed each base with its neighbours; after the first layer, a position has what the layers before it
gathered, from up to a window away. So read an offset as the place attended to, not as the base read, and a motif as
letters <em>near</em> which the head looks. Whether head or letters matter for the output is another question: see the
columns on ablation and attribution.</div>
<h2>The textbook promoter</h2>
<ul>{verdicts}</ul>
{textbook}
<h2>Heads</h2>
<p>{how}</p>
{legend}
<table class="heads">
<tr>{headings}</tr>
{rows}
</table>
<footer>Made by tracktools {version}. Tables: <code>motifs.tsv</code>, <code>matches.tsv</code>; motifs:
<code>motifs.meme</code>, <code>motifs.jaspar</code>; all logos in one: <code>logo_sheet.svg</code>.</footer>
</div>
</body>
</html>
""")
_HEADINGS = (
    "Head", "Mean attention by offset", "Best offset", "Sites", "Motif", "Hits: sites; background",
    "Match", "Sites in BED", "ΔAP when ablated", "Attribution ρ",
)  # fmt: skip


_HEXAMER_HEAD = Markup(
    "<tr><th>Hexamer, at least 4 of 6 letters</th><th>at TSS</th><th>at places of low output</th>"
    "<th>its first base, most often at offset</th></tr>"
)
_HEXAMER_ROW = Markup(
    '<tr><td>{}</td><td class="number">{:,} of {:,} ({:.0%})</td><td class="number">{:,} of {:,} ({:.0%})</td>'
    '<td class="number">{}</td></tr>'
)


@dataclass(frozen=True, eq=False)
class PageMaterial:
    """All that the page shows.

    Parameters
    ----------
    folder : AttentionFolder
        Profiles, ablation, attribution.
    motifs : tuple of HeadMotif
        Of all heads.
    table : DataFrame
        ``motifs.tsv``.
    beds : mapping of str to SiteBed
        Of the heads that have one.
    textbook : Textbook or None
        Comparison at the TSS of the sets.
    verdicts : tuple of str
        What can be said of -35 and -10.
    colors : mapping of str to str
        ``R,G,B`` of each head.
    how : str
        How motifs were made, in a paragraph.
    pictures : Path
        Folder with ``logos`` and ``spacing.png``.
    version : str
        Of tracktools.
    notes : tuple of str
        What is missing, and how to get it.
    """

    folder: AttentionFolder
    motifs: tuple[HeadMotif, ...]
    table: pd.DataFrame
    beds: Mapping[str, SiteBed]
    textbook: Textbook | None
    verdicts: tuple[str, ...]
    colors: Mapping[str, str]
    how: str
    pictures: Path
    version: str
    notes: tuple[str, ...] = ()


def page_html(material: PageMaterial) -> str:
    """Return the text of the page."""
    said = material.folder.said_of
    model, genome = (str(said(key).get("name") or f"an unnamed {key}") for key in ("model", "genome"))
    found = sum(one.pwm is not None for one in material.motifs)
    style = (files("tracktools") / "trackhub_templates" / "style.css").read_text(encoding="utf-8")
    return _PAGE.format(
        title=f"What the attention heads of {model} attend to on {genome}",
        style=Markup(style),  # noqa: S704 - a file of this package
        lead=f"{len(material.motifs)} heads, {found} with a motif",
        notes=_joined(Markup('<p class="note">{}.</p>').format(note) for note in material.notes),
        verdicts=_joined(Markup("<li>{}</li>").format(sentence) for sentence in material.verdicts),
        textbook=_textbook(material),
        how=material.how,
        legend=_legend(material.folder),
        headings=_joined(Markup("<th>{}</th>").format(name) for name in _HEADINGS),
        rows=_joined(
            _row(one, row, material)
            for one, row in zip(material.motifs, material.table.to_dict("records"), strict=True)
        ),
        version=material.version,
    )


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)


def _textbook(material: PageMaterial) -> Markup:
    book = material.textbook
    if book is None:
        return Markup(
            "<p>No TSS set was given (<code>tracktools attention --at</code>): nothing is known of the distances.</p>"
        )
    rows = [
        _HEXAMER_ROW.format(
            name.replace("-", "−"), here, book.n_tss, here / max(book.n_tss, 1),
            there, book.n_control, there / max(book.n_control, 1), "" if start is None else f"{start:+d}",
        )
        for name, (here, there, start) in book.found.items()
    ]  # fmt: skip
    picture = _image(material.pictures / "spacing.png", "Bases between −35 and −10, and where each begins", "wide")
    return Markup("<table>{}{}</table>\n<p>{}</p>").format(_HEXAMER_HEAD, _joined(rows), picture)


def _legend(folder: AttentionFolder) -> Markup:
    from tracktools.motifs.profiles import group_colors

    swatch = Markup('<span class="swatch" style="background: {}"></span>{}')
    named = (swatch.format(css(color), group) for group, color in group_colors(folder).items())
    return Markup("<p>Attention is drawn for {}; each head has its own scale.</p>").format(Markup(", ").join(named))


def _row(one: HeadMotif, row: Mapping[Any, Any], material: PageMaterial) -> Markup:
    cells = [
        Markup('<th><span class="swatch" style="background: {}"></span>{}</th>').format(
            css(material.colors[one.head]), one.head
        ),
        _cell(profile_svg(material.folder, one.head)),
        _number(None if not one.offsets else f"{one.offsets[0]:+d}"),
        _number(f"{one.n_sites:,}"),
    ]
    if one.pwm is None:
        cells.append(Markup('<td class="none">no motif: {}</td>').format(one.reason))
    else:
        picture = _image(material.pictures / "logos" / f"{one.head}.png", f"logo of {one.head}", "logo")
        cells.append(Markup("<td>{}<br><code>{}</code></td>").format(picture, one.pwm.consensus))
    tested, bed = one.enrichment, material.beds.get(one.head)
    match = (
        f"{row['bestMatch']} ({row['bestMatchCollection']}, q = {row['bestMatchQ']:.2g})" if row["bestMatch"] else ""
    )
    cells += [
        _number(_hits(tested) if tested else None),
        Markup('<td class="match">{}</td>').format(match),
        _number(f"{bed.kept:,} of {bed.asked:,}" if bed else None),
        _number(_ablation(material.folder, one.head)),
        _number(_attribution(material.folder, one.head)),
    ]
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _cell(value: str | Markup) -> Markup:
    return Markup("<td>{}</td>").format(value)


def _number(value: str | Markup | None) -> Markup:
    return Markup('<td class="number">{}</td>').format(value if value is not None else "")


def _hits(tested: Enrichment) -> Markup:
    sites, background = f"{tested.hits:,} of {tested.n:,}", f"{tested.background_hits:,} of {tested.background_n:,}"
    q = f"q = {tested.q:.2g}" if tested.q > 0 else "q < 1e-300"  # what a float can hold
    return Markup("{}<br>{}<br>{:.0f}-fold, {}").format(sites, background, tested.fold, q)


def _ablation(folder: AttentionFolder, head: str) -> Markup | None:
    if folder.ablation is None or not (folder.ablation["head"] == head).any():
        return None
    row = folder.table_of("ablation", head).iloc[0]
    return Markup("{:+.4f}<br>[{:+.4f}, {:+.4f}]").format(row["deltaAp"], row["deltaApLow"], row["deltaApHigh"])


def _attribution(folder: AttentionFolder, head: str) -> str | None:
    if folder.attribution is None or not (folder.attribution["head"] == head).any():
        return None
    rho = folder.table_of("attribution", head).iloc[0]["spearman"]
    return None if pd.isna(rho) else f"{rho:.2f}"


def _image(path: Path, words: str, kind: str) -> Markup:
    data = base64.b64encode(path.read_bytes()).decode()
    height = Markup(' height="78"') if kind == "logo" else ""
    return Markup('<img class="{}" alt="{}"{} src="data:image/png;base64,{}">').format(kind, words, height, data)
