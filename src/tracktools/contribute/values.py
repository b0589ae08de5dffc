"""The contribution of each letter around a TSS to the output there: by mutation, or by the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracktools.arrays import Codes, Float32, Int64
from tracktools.blocks import Piece
from tracktools.config import MutateConfig
from tracktools.engine.grid import window_of
from tracktools.errors import ConfigError
from tracktools.genome import ALPHABET, COMPLEMENT_OF_CODE, UNKNOWN
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, contributions, site_effects

if TYPE_CHECKING:
    from tracktools.model.transformer import Transformer

_TO_MEAN_OF_OTHERS = len(ALPHABET) / (len(ALPHABET) - 1)  # from the mean of four letters to that of the three others


class SiteContribution(NamedTuple):
    """What the letters around one TSS contribute, along its strand, shapes (n_offsets,).

    `codes`: the letters of that strand, 4 where there is no A, C, G, T; `values`: log-odds, NaN there.
    """

    codes: Codes
    values: Float32


def site_contributions(
    sites: Sequence[Site], scoring: Scoring, around: MutateConfig, method: str
) -> Iterator[SiteContribution]:
    """Yield what the letters around each TSS contribute to the log-odds of the output at it.

    Parameters
    ----------
    sites : sequence of Site
        Of which `why_not` says nothing.
    scoring : Scoring
        What predicts.
    around : MutateConfig
        The bases around a TSS.
    method : {"mutation", "gradient"}
        ``mutation``: the log-odds as they are, minus their mean over the three substitutions of the base; exact.
        ``gradient``: what the gradient says of the same difference (input x gradient), for the transformer.
    """
    if method == "mutation":
        for effect in site_effects(sites, scoring, around):
            values = contributions(effect.at_tss).astype(np.float32)
            values[effect.codes == UNKNOWN] = np.nan
            yield SiteContribution(effect.codes, values)
        return
    network = _transformer(scoring)
    for site in sites:
        yield _by_gradient(site, scoring, network, around)


def _transformer(scoring: Scoring) -> Transformer:
    from tracktools.model.networks import network_of
    from tracktools.model.transformer import Transformer

    network = network_of(scoring.model.parameters)
    if not isinstance(network, Transformer):
        raise ConfigError("the gradient is for the transformer: a convolutional network is fast enough to be mutated")
    return network


def _by_gradient(site: Site, scoring: Scoring, network: Transformer, around: MutateConfig) -> SiteContribution:
    import torch

    from tracktools.model.heads import input_times_gradient

    (contig, position, strand), length = site, len(site.contig)
    window = window_of(Piece(0, strand, position, position + 1), contig, scoring.network)
    codes = torch.from_numpy(window.codes.copy()).long()[None]
    own = input_times_gradient(network, codes, window.first)[0].numpy() * np.float32(_TO_MEAN_OF_OTHERS)
    offsets = np.arange(-around.upstream_bp, around.downstream_bp + 1)
    at = offsets + window.first - scoring.network.label_shift_bp  # of the codes of the window
    bases = bases_at(site, offsets)
    inside = contig.circular | ((bases >= 0) & (bases < length))
    letters = np.full(len(offsets), UNKNOWN, dtype=np.uint8)
    letters[inside] = contig.codes_at(bases[inside])
    letters = letters if strand == "+" else COMPLEMENT_OF_CODE[letters]
    values = np.zeros(len(offsets), dtype=np.float32)
    seen = (at >= 0) & (at < len(window.codes))
    values[seen] = own[at[seen]]
    values[letters == UNKNOWN] = np.nan
    return SiteContribution(letters, values)


def bases_at(site: Site, offsets: Int64) -> Int64:
    """Return the bases at offsets from a TSS along its strand; below 0 or past the length across an origin."""
    return site.position + (offsets if site.strand == "+" else -offsets)
