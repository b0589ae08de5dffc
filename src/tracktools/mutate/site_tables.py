"""The tables of substitutions around TSS: a row per TSS, and a row per substitution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Int64
from tracktools.config import MutateConfig
from tracktools.genome import ALPHABET, COMPLEMENT_OF_CODE, UNKNOWN, Contig, Genome
from tracktools.mutate.site_effect import SiteEffect

_LETTERS = np.array(list(f"{ALPHABET}N"))


def offsets_of(settings: MutateConfig) -> Int64:
    """Return the offsets of the changed bases from the TSS, along its strand."""
    return np.arange(-settings.upstream_bp, settings.downstream_bp + 1)


def sites_table(table: pd.DataFrame, effects: Sequence[SiteEffect], settings: MutateConfig) -> pd.DataFrame:
    """Return a row per TSS: where it is, its outputs, and the substitutions that lower and raise it most."""
    rows = pd.DataFrame(
        {
            "name": table.get("name", "."),
            "contig": table["chrom"],
            "position": table["chromStart"] + 1,
            "strand": table["strand"],
            "modelOutput": [effect.output for effect in effects],
            "bestOutput": [effect.best_output for effect in effects],
            "bestOffset": [effect.best_offset for effect in effects],
        }
    )
    offsets = offsets_of(settings)
    for name, pick in (("lowering", np.nanargmin), ("raising", np.nanargmax)):
        found = [_extreme(effect, offsets, pick) for effect in effects]
        rows[name] = [change for change, _ in found]
        rows[f"{name}Effect"] = [value for _, value in found]
    return rows


def _extreme(effect: SiteEffect, offsets: Int64, pick: Callable[[Float32], np.intp]) -> tuple[str, float]:
    """Return the substitution with the largest effect of one sign, as ``T-7A`` on the strand of the TSS."""
    number, code = np.unravel_index(pick(effect.at_tss), effect.at_tss.shape)
    return f"{_LETTERS[effect.codes[number]]}{offsets[number]:+d}{ALPHABET[code]}", float(effect.at_tss[number, code])


def write_tables(
    folder: Path, rows: pd.DataFrame, effects: Sequence[SiteEffect], settings: MutateConfig, genome: Genome
) -> None:
    """Write ``sites.tsv``, and ``effects.tsv`` with the substitutions of one TSS after another."""
    text = rows.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    (folder / "sites.tsv").write_text(text, encoding="utf-8")
    offsets = offsets_of(settings)
    columns = (rows[name] for name in ("name", "contig", "position", "strand"))
    with (folder / "effects.tsv").open("w", encoding="utf-8") as file:
        for number, (name, contig, position, strand) in enumerate(zip(*columns, strict=True)):
            part = _substitutions(genome[contig], int(position) - 1, strand, effects[number], offsets)
            for place, (column, value) in enumerate(
                (("name", name), ("contig", contig), ("position", position), ("strand", strand))
            ):
                part.insert(place, column, value)
            part.to_csv(file, sep="\t", index=False, header=not number, float_format="%.6g", lineterminator="\n")


def _substitutions(contig: Contig, position: int, strand: str, effect: SiteEffect, offsets: Int64) -> pd.DataFrame:
    """Return the substitutions around a TSS, a row each."""
    other = (effect.codes != UNKNOWN)[:, None] & (effect.codes[:, None] != np.arange(len(ALPHABET)))
    number, after = np.nonzero(other)
    before, forward = effect.codes[number], strand == "+"
    bases = position + (offsets if forward else -offsets)[number]
    plus = (before, after) if forward else (COMPLEMENT_OF_CODE[before], COMPLEMENT_OF_CODE[after])
    return pd.DataFrame(
        {
            "tssOffset": offsets[number],
            "base": (bases % len(contig) if contig.circular else bases) + 1,
            "ref": _LETTERS[plus[0]],
            "alt": _LETTERS[plus[1]],
            "refOnStrand": _LETTERS[before],
            "altOnStrand": _LETTERS[after],
            "effectAtTss": effect.at_tss[number, after],
            "effectOnBest": effect.on_best[number, after],
        }
    )
