"""The folder of ``tracktools tss promoters``: table, track, logo and model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.answers.promoter_learning import MOST_LEARNT, OTHERS_PER_TSS, learn_promoters
from tracktools.answers.promoters import (
    COLUMNS,
    HEXAMER_BP,
    SPACERS_BP,
    WINDOW_BP,
    PromoterModel,
    find_elements,
    read_model,
    shipped_model,
    upstream_codes,
    write_model,
)
from tracktools.answers.sequence import sequences
from tracktools.answers.sets import read_sets
from tracktools.answers.write import answer_folder, write_tsv
from tracktools.arrays import Codes, Float64
from tracktools.concise import concise
from tracktools.errors import ConfigError
from tracktools.formats.bed import PROMOTER_ELEMENTS, write_bed
from tracktools.genome import Genome, as_genome
from tracktools.interval import STRANDS
from tracktools.motifs.drawings import ElementRow, draw_elements
from tracktools.palette import BLUE, VERMILLION
from tracktools.tracks import Track, write_tracks

_SEED = 0
_RANDOM = 5000  # places
RARE = 0.05  # share of random places that score as high, below which a promoter differs from chance
_COLORS = {"-35": VERMILLION, "-10": BLUE}


@dataclass(frozen=True)
class PromoterOptions:
    """Which matrices, and how names are read.

    Parameters
    ----------
    model : Path, optional
        A ``model.json``; by default that of *E. coli*.
    learn : bool
        Learn the matrices from the set itself.
    circular, renames, only_genome
        See `tracktools.genome.load_genome` and `tracktools.answers.sets.read_sets`.
    """

    model: Path | None = None
    learn: bool = False
    circular: Collection[str] = ()
    renames: Mapping[str, str] | None = None
    only_genome: bool = False


@concise
@dataclass(frozen=True)
class PromoterSet:
    """The elements of a set.

    Parameters
    ----------
    table : DataFrame
        A row per TSS: `contig`, `position` (1-based), `strand`, and the columns of `promoter_columns`.
    model : PromoterModel
        The matrices.
    left_out : dict of str to int
        Rows left out, by reason.
    """

    table: pd.DataFrame
    model: PromoterModel
    left_out: dict[str, int]

    @property
    def n_rare(self) -> int:
        """TSS whose promoter scores higher than 95 % of random places of the genome."""
        return int((self.table["promoter_by_chance"] <= RARE).sum())


def promoter_columns(rows: pd.DataFrame, genome: Genome, model: PromoterModel) -> pd.DataFrame:
    """Return the elements of each TSS (`chrom`, `position`, `strand`), and how often a random place does as well.

    Returns
    -------
    DataFrame
        Columns of `find_elements`, and `promoter_by_chance`: the share of random places of this genome whose best pair
        scores at least as much.
    """
    found = find_elements(_codes(rows, genome), model)
    random = np.sort(find_elements(_codes(random_places(genome, _RANDOM), genome), model)["promoter_score"].to_numpy())
    as_high = len(random) - np.searchsorted(random, found["promoter_score"].to_numpy(dtype=np.float64))
    return found.assign(promoter_by_chance=(as_high + 1) / (len(random) + 1))


def find_promoters(
    tss: pd.DataFrame | Path | str, genome: Genome | Path | str, options: PromoterOptions | None = None
) -> PromoterSet:
    """Find the -35 and -10 of each TSS of a set.

    Parameters
    ----------
    tss : DataFrame, Path or str
        BED of single bases, or such a table.
    genome : Genome, Path or str
        The genome.
    options : PromoterOptions, optional
        Matrices and names.

    Raises
    ------
    ConfigError
        If a model is given and one is to be learnt.
    InputError
        If a file is not what it should be, or a set is too small to learn from.
    """
    return _find(tss, as_genome(genome, (options or PromoterOptions()).circular), options or PromoterOptions())[0]


def _find(
    tss: pd.DataFrame | Path | str, genome: Genome, options: PromoterOptions
) -> tuple[PromoterSet, pd.DataFrame, pd.DataFrame]:
    """Return the set, its rows as `read_sets` gives them, and the elements of each."""
    if options.learn and options.model is not None:
        raise ConfigError("learn the matrices from the set, or name a model: not both")
    sets, left_out = read_sets(
        {"set": tss}, genome.chrom_sizes, renames=options.renames, only_genome=options.only_genome
    )
    rows = sets["set"]
    model = _model(rows, genome, tss, options)
    found = promoter_columns(rows, genome, model)
    places = pd.DataFrame({"contig": rows["chrom"], "position": rows["position"] + 1, "strand": rows["strand"]})
    return PromoterSet(pd.concat([places, found], axis=1), model, left_out["set"]), rows, found


def promoter_folder(
    path: Path, genome: Path, output: Path, *, options: PromoterOptions | None = None, force: bool = False
) -> PromoterSet:
    """Find the -35 and -10 of each TSS of a set and write them into a new folder.

    Parameters
    ----------
    path : Path
        BED of single bases.
    genome : Path
        The genome.
    output : Path
        Folder: ``promoters.tsv``, ``promoters.bed`` with ``tracks.tsv`` for a hub, ``elements`` as SVG and PNG,
        ``model.json``.
    options : PromoterOptions, optional
        Matrices and names.
    force : bool
        Replace a folder that tracktools made.
    """
    options = options or PromoterOptions()
    inputs = [Path(path), *([options.model] if options.model else [])]
    with answer_folder(output, Path(genome), inputs, circular=options.circular, force=force) as answer:
        result, rows, found = _find(Path(path), answer.genome, options)
        model, folder = result.model, answer.path
        write_tsv(folder / "promoters.tsv", result.table, digits=4)
        _write_track(folder, rows, found, answer.genome, model)
        draw_elements([_weight_row(model), *_letter_rows(result)], folder, "elements")
        write_model(folder / "model.json", model)
        answer.parameters.update(learnt=options.learn, source=model.source, n=model.n, left_out=result.left_out)
    return result


def _weight_row(model: PromoterModel) -> ElementRow:
    """Return the weights of the model [bits], as they add up to a score."""
    return ElementRow(
        title=f"weights of the model, learnt from {model.n:,} TSS",
        heights={
            "−35": model.minus35_weight * np.log2(model.minus35 / model.background),
            "−10": np.log2(model.minus10 / model.background),
        },
        label="weight [bits]",
        distances=dict(zip(SPACERS_BP, model.spacing_weight * np.log2(model.spacing * len(SPACERS_BP)), strict=True)),
        distance_label="weight [bits]",
    )


def _letter_rows(found: PromoterSet) -> list[ElementRow]:
    """Return the letters of the pairs that stand out from chance; none if there are none."""
    clear = found.table[found.table["promoter_by_chance"] <= RARE]
    if clear.empty:
        return []
    lengths = clear["spacer_length"].value_counts(normalize=True)
    return [
        ElementRow(
            title=f"letters of the {len(clear):,} of {len(found.table):,} TSS of the set that stand out from chance",
            heights={"−35": _information(clear["minus35"]), "−10": _information(clear["minus10"])},
            label="information [bits]",
            distances={length: float(lengths.get(length, 0)) for length in SPACERS_BP},
            distance_label="share of these TSS",
        )
    ]


def _information(words: pd.Series) -> Float64:
    """Return the share of each letter at each place, times the information of the place [bits]."""
    letters = np.array([list(word) for word in words])
    counts = np.stack([(letters == letter).sum(axis=0) for letter in "ACGT"], axis=1) + 1e-9
    shares: Float64 = counts / counts.sum(axis=1, keepdims=True)
    heights: Float64 = shares * (2 + (shares * np.log2(shares)).sum(axis=1, keepdims=True))
    return heights


def _model(
    rows: pd.DataFrame, genome: Genome, tss: pd.DataFrame | Path | str, options: PromoterOptions
) -> PromoterModel:
    if not options.learn:
        return shipped_model() if options.model is None else read_model(options.model)
    strongest = _strongest(rows)
    return learn_promoters(
        _codes(strongest, genome),
        _codes(random_places(genome, OTHERS_PER_TSS * len(strongest)), genome),
        source="a table" if isinstance(tss, pd.DataFrame) else Path(tss).name,
    )


def _strongest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the TSS with the best scores, as many as are learnt from; of equal ones any, not the first of the file."""
    mixed = rows.sample(frac=1, random_state=_SEED)
    return mixed.sort_values("score", ascending=False, kind="stable").head(MOST_LEARNT)


def random_places(genome: Genome, n: int) -> pd.DataFrame:
    """Return random bases of both strands, always the same of a genome: `chrom`, `position`, `strand`."""
    rng = np.random.default_rng(_SEED)
    sizes = genome.chrom_sizes
    ends = np.cumsum(list(sizes.values()))
    if not len(ends) or not ends[-1]:
        n = 0
    at = rng.integers(0, ends[-1], n) if n else np.zeros(0, dtype=np.int64)
    which = np.searchsorted(ends, at, side="right")
    names, starts = np.array(list(sizes), dtype=object), np.concatenate([[0], ends[:-1]])
    strands = np.array(STRANDS, dtype=object)[rng.integers(0, 2, n)]
    return pd.DataFrame({"chrom": names[which], "position": at - starts[which], "strand": strands})


def _codes(rows: pd.DataFrame, genome: Genome) -> Codes:
    return upstream_codes([text[:-1] for text in sequences(rows, genome, WINDOW_BP, 0)])


def _write_track(folder: Path, rows: pd.DataFrame, found: pd.DataFrame, genome: Genome, model: PromoterModel) -> None:
    parts = [_items(rows, found, genome, element) for element in _COLORS]
    path = folder / "promoters.bed"
    write_bed(path, pd.concat(parts, ignore_index=True), PROMOTER_ELEMENTS, chrom_order=list(genome.chrom_sizes))
    track = Track(
        name="promoter_elements",
        path=path,
        format="bed",
        group="tss",
        short_label="-35 and -10",
        long_label="Best -35 (vermillion) and -10 (blue) hexamer upstream of each TSS",
        visibility="pack",
        method=f"Two weight matrices and the distance between them, learnt from {model.n:,} TSS ({model.source}); "
        "the best pair upstream of each TSS. Every TSS gets a pair, good or bad: look at the bits.",
        source=model.source,
    )
    write_tracks(folder, [track])


def _items(rows: pd.DataFrame, found: pd.DataFrame, genome: Genome, element: str) -> pd.DataFrame:
    """Return BED rows of one element; what lies past an end is left out, what crosses the origin is cut there."""
    name = "minus35" if element == "-35" else "minus10"
    offset = found[f"{name}_position"].to_numpy(dtype=np.int64)
    forward = (rows["strand"] == "+").to_numpy()
    position = rows["position"].to_numpy(dtype=np.int64)
    start = np.where(forward, position + offset, position - offset - HEXAMER_BP + 1)
    sizes = rows["chrom"].map(genome.chrom_sizes).to_numpy(dtype=np.int64)
    circular = rows["chrom"].map({contig.name: contig.circular for contig in genome}).to_numpy(dtype=bool)
    start = np.where(circular, start % np.maximum(sizes, 1), start)
    end = np.minimum(start + HEXAMER_BP, sizes)
    bits = found[f"{name}_score"].to_numpy(dtype=np.float64)
    items = pd.DataFrame(
        {
            "chrom": rows["chrom"],
            "chromStart": start,
            "chromEnd": end,
            "name": found[name],
            "score": np.clip(np.round(100 * bits), 0, 1000).astype(np.int64),
            "strand": rows["strand"],
            "thickStart": start,
            "thickEnd": end,
            "itemRgb": _COLORS[element],
            "element": element,
            "hexamer": found[name],
            "bits": bits,
            "elementOffset": offset,
            "spacerLength": found["spacer_length"].astype(np.int64),
            "promoterBits": found["promoter_score"],
        }
    )
    kept: pd.DataFrame = items[(start >= 0) & (end > start)].reset_index(drop=True)
    return kept


ELEMENT_DESCRIPTIONS = dict(
    zip(
        COLUMNS,
        (
            "Letters of the -35 hexamer of the best pair",
            "Letters of the -10 hexamer of the best pair",
            "Bases between the two hexamers",
            "Bases between the -10 hexamer and the TSS",
            "Offset of the first base of the -35 from the TSS (TSS 0, upstream negative)",
            "Offset of the first base of the -10 from the TSS",
            "Score of the -35 against the background [bits]",
            "Score of the -10 against the background [bits]",
            "Score of both and of the distance between them [bits]; every TSS has a best pair, good or bad",
        ),
        strict=True,
    )
)
ELEMENT_DESCRIPTIONS["promoter_by_chance"] = (
    "Share of random places of the genome whose best pair scores as high; from 0.05 on it tells little"
)
