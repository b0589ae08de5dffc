"""What ``motifs`` writes into its folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracktools.concise import concise
from tracktools.config import MotifConfig
from tracktools.formats.bed import write_bed
from tracktools.formats.bed_schemas import MOTIF_SITES
from tracktools.formats.motif_files import MotifMatrix, write_jaspar, write_meme
from tracktools.genome import Genome
from tracktools.motifs.attention_folder import AttentionFolder
from tracktools.motifs.discover import HeadMotif, composition
from tracktools.motifs.drawings import draw_logo, draw_sheet, draw_spacing
from tracktools.motifs.matches import TEXTBOOK, Collection, match_table, textbook_matches
from tracktools.motifs.page import PageMaterial, page_html
from tracktools.motifs.sites import SiteBed, site_bed
from tracktools.motifs.tables import as_tsv, head_table
from tracktools.motifs.textbook import Textbook, compare_with_textbook, verdicts
from tracktools.palette import wheel
from tracktools.tracks import Track, write_tracks
from tracktools.versions import tracktools_version

log = logging.getLogger(__name__)


@concise
@dataclass(frozen=True, eq=False)
class MotifResult:
    """What was found.

    Parameters
    ----------
    folder : Path
        The output folder.
    motifs : tuple of HeadMotif
        Of every head, those without motif included.
    beds : mapping of str to SiteBed
        Sites on the genome, by head.
    verdicts : tuple of str
        What can be said of -35 and -10.
    notes : tuple of str
        What is missing, and how to get it.
    """

    folder: Path
    motifs: tuple[HeadMotif, ...]
    beds: Mapping[str, SiteBed]
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]


def write_motifs(
    partial: Path,
    folder: AttentionFolder,
    genome: Genome,
    motifs: tuple[HeadMotif, ...],
    collections: Sequence[Collection],
    config: MotifConfig,
) -> MotifResult:
    """Write all but ``provenance.json`` into a folder, and return what was found."""
    fits = textbook_matches(motifs)
    matches = match_table(motifs, collections, fits, config)
    textbook = compare_with_textbook(folder, genome, config)
    colors = dict(zip(folder.heads, wheel(len(folder.heads)), strict=True))
    beds = {
        one.head: site_bed(one, folder.table_of("sites", one.head), genome, folder.window_bp, colors[one.head], config)
        for one in motifs
        if one.pwm is not None and len(folder.sites)
    }
    table = head_table(motifs, matches, beds, config)
    book = matches[matches["collection"] == TEXTBOOK]
    q_of = {(str(row["head"]), str(row["motif"]).split()[0]): float(row["q"]) for row in book.to_dict("records")}
    sentences, notes = tuple(verdicts(motifs, textbook, fits, q_of, config)), missing_sites(folder)
    for name, content in (("motifs", table), ("matches", matches)):
        (partial / f"{name}.tsv").write_text(as_tsv(content), encoding="utf-8")
    _write_matrices(partial, motifs, genome)
    _write_pictures(partial, folder, motifs, textbook)
    _write_tracks(partial, motifs, beds, genome, colors, folder, config)
    material = PageMaterial(
        folder, motifs, table, beds, textbook, sentences, colors, how_it_is_done(folder, config), partial,
        tracktools_version(), notes,
    )  # fmt: skip
    (partial / "index.html").write_text(page_html(material), encoding="utf-8")
    return MotifResult(partial, motifs, beds, sentences, notes)


def missing_sites(folder: AttentionFolder) -> tuple[str, ...]:
    """Return what to say where no TSS set was given, so that there are no sites."""
    if len(folder.sites):
        return ()
    besides = " but the background" if folder.background else ""
    return (
        f"no BED of sites is written, because {folder.path.name} was made without a TSS set{besides}: run tracktools "
        "attention again with --at, and a BED of TSS or a folder of tracktools predict, whose calls are taken",
    )


def how_it_is_done(folder: AttentionFolder, config: MotifConfig) -> str:
    """Return in a few sentences how motifs are made and judged."""
    quiet = f"the set {', '.join(folder.background)}" if folder.background else "places of low model output"
    chosen = folder.top_group not in ("random", "all")
    caution = (
        f" All positions of the group {folder.top_group} were chosen, so that letters which occur in most of them "
        "make a motif of any head that looks there, for them or not."
    ) * chosen
    return (
        f"Of each head: the {config.top:,} positions of the group {folder.top_group} with the highest weight at the "
        "offset that has the highest mean there, "
        f"the {config.window_bp} bases around the attended base, neighbours and copies counted once. The matrix of "
        "every second site is tried on the others: a hit is an attended place whose letters have "
        f"p ≤ {config.hit_p:g} under the genome's composition. Hits are compared with those at the same offset from "
        f"{quiet} (Fisher's exact test, one-sided; q over the heads, Benjamini-Hochberg, limit "
        f"{config.max_q:g}). A motif runs from its first to its last column of {config.min_column_bits:g} bits. Where "
        f"this finds none, none is shown.{caution}"
    )


def _write_matrices(partial: Path, motifs: Sequence[HeadMotif], genome: Genome) -> None:
    found = [(one, one.pwm) for one in motifs if one.pwm is not None]
    matrices = [MotifMatrix(one.head, pwm.consensus, pwm.shares, pwm.n_sites) for one, pwm in found]
    tested = sum(one.enrichment is not None for one in motifs)
    e_values = [one.enrichment.p * tested if one.enrichment else 0.0 for one, _ in found]
    write_meme(partial / "motifs.meme", matrices, composition(genome), e_values)
    counted = [MotifMatrix(one.head, pwm.consensus, pwm.counts / pwm.n_sites, pwm.n_sites) for one, pwm in found]
    write_jaspar(partial / "motifs.jaspar", counted)


def _write_pictures(
    partial: Path, folder: AttentionFolder, motifs: Sequence[HeadMotif], textbook: Textbook | None
) -> None:
    (partial / "logos").mkdir()
    for one in motifs:
        if one.pwm is not None:
            draw_logo(one, partial / "logos")
    n_heads = sum(head.startswith("L1H") for head in folder.heads)
    draw_sheet(motifs, n_heads, partial, "Motifs at the best-attended offset of each head [bits]")
    if textbook is not None:
        for name, table in (
            ("elements", textbook.elements),
            ("spacing", textbook.spacings),
            ("starts", textbook.starts),
        ):
            (partial / f"{name}.tsv").write_text(as_tsv(table), encoding="utf-8")
        title = f"−35 and −10 hexamers (4 of 6 letters or more) upstream of {textbook.n_tss:,} TSS"
        draw_spacing(textbook.spacings, textbook.starts, partial, title)


def _write_tracks(
    partial: Path,
    motifs: Sequence[HeadMotif],
    beds: Mapping[str, SiteBed],
    genome: Genome,
    colors: Mapping[str, str],
    folder: AttentionFolder,
    config: MotifConfig,
) -> None:
    ranked = sorted((one for one in motifs if one.head in beds and beds[one.head].kept), key=lambda one: one.strength)
    (partial / "beds").mkdir()
    tracks = []
    for rank, one in enumerate(ranked):
        bed = beds[one.head]
        path = partial / "beds" / f"{one.head}.bed"
        write_bed(path, bed.table, MOTIF_SITES, chrom_order=list(genome.chrom_sizes))
        log.info("%s: %s sites of %s TSS", one.head, f"{bed.kept:,}", f"{bed.asked:,}")
        tracks.append(_track(one, bed, path, colors[one.head], folder, shown=rank < config.shown_heads, config=config))
    write_tracks(partial, tracks)


def _track(
    one: HeadMotif, bed: SiteBed, path: Path, color: str, folder: AttentionFolder, *, shown: bool, config: MotifConfig
) -> Track:
    assert one.pwm is not None
    left_out = (
        f"Of {bed.asked:,} TSS, {bed.faint:,} are left out because the base most attended to gets less than "
        f"{config.min_times_uniform:g} times an even share of the attention, {bed.unlike:,} because the letters there "
        f"do not fit the motif (p above {config.site_p:g}), {bed.outside:,} because the motif would leave the sequence."
    )
    return Track(
        name=f"motif_{one.head}",
        path=path,
        format="bed",
        group="motifs",
        short_label=f"{one.head} {one.pwm.short_consensus}"[:17],
        long_label=f"Attended by head {one.head} upstream of TSS, where {one.pwm.short_consensus} fits"[:76],
        color=color,
        visibility="pack" if shown else "hide",
        method=left_out,
        source=f"TSS sets: {', '.join(folder.tss_groups)}",
    )
