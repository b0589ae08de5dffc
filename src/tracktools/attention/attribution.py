"""``attention --attribute``: which letters the output depends on, next to what the heads attend to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from tracktools.arrays import Float64
from tracktools.attention.groups import Group
from tracktools.attention.places import GenomeKeys
from tracktools.attention.statistics import correlation, ranks_of
from tracktools.attention.tables import head_names
from tracktools.blocks import Block, Piece
from tracktools.config import AttentionConfig
from tracktools.engine.grid import windows_of
from tracktools.engine.interface import AttentiveEngine
from tracktools.model.heads import input_times_gradient
from tracktools.model.transformer import Transformer
from tracktools.progress import show_progress

_CONTEXT_WINDOWS = 2  # attention windows of context that the gradient sees; the engine has all of it


class Attribution(NamedTuple):
    """Tables: agreement of each head with input x gradient, and the latter by offset."""

    heads: pd.DataFrame
    profile: pd.DataFrame


def attribute(
    places: GenomeKeys, network: Transformer, engine: AttentiveEngine, group: Group, config: AttentionConfig
) -> Attribution:
    """Hold attention against input x gradient at TSS of a set.

    At each TSS (`AttentionConfig.attribute_most` of the set, drawn at random) the log-odds are attributed to every
    letter within the attention window, and the size of that is correlated with the weights of each head; the
    correlations are averaged over the TSS. TSS whose window is cut by a 5' end are left out.

    Parameters
    ----------
    places : GenomeKeys
    network, engine
        The transformer, and an engine that runs it.
    group : Group
        The set.
    config : AttentionConfig

    Returns
    -------
    Attribution
        Columns as in docs/attention.md; empty tables if no TSS has a whole window.
    """
    settings = network.config
    W = settings.attention_window_bp
    keys = np.random.default_rng(config.seed).permutation(group.keys)[: config.attribute_most]
    found, sizes, signed = [], [], []
    with show_progress("attributing", len(keys), "TSS") as advance:
        for key in keys:
            advance(1)
            weights, own = _at(key, places, network, engine)
            if own is None:
                continue
            found.append(_correlations(weights, np.abs(own)))
            sizes.append(np.abs(own))
            signed.append(own)
    names, offsets = head_names(settings), settings.label_shift_bp - np.arange(W)
    r = np.array(found).reshape(-1, len(names), 2)  # (sites, heads, Pearson and Spearman)
    defined = (~np.isnan(r)).sum(axis=0)
    means = np.where(defined, np.nansum(r, axis=0), np.nan) / np.maximum(defined, 1)
    description = (
        f"mean over {len(found):,} TSS of {group.name} of the correlation over {W} offsets with |input x gradient|"
    )
    heads = pd.DataFrame({"head": names, "n": len(found), "pearson": means[:, 0], "spearman": means[:, 1]})
    heads["description"] = description
    profile = {"tssOffset": offsets}
    profile |= {"meanAbs": np.mean(sizes, axis=0), "meanSigned": np.mean(signed, axis=0)} if found else {}
    return Attribution(heads, pd.DataFrame(profile, columns=["tssOffset", "meanAbs", "meanSigned"]))


def _at(key: int, places: GenomeKeys, network: Transformer, engine: AttentiveEngine) -> tuple[Float64, Float64 | None]:
    """Return weights (heads, W) and attributions (W,) by distance upstream of one position; None at a 5' end."""
    config = network.config
    W = config.attention_window_bp
    contig, strand, position = (each[0] for each in places.locate(np.array([key])))
    piece = Piece(int(contig), "+" if strand == "+" else "-", int(position), int(position) + 1)
    (window,) = windows_of(Block(0, (piece,)), places.genome, engine, config)
    if window.first + 1 < W:
        return np.zeros((0, W)), None
    trace, row = engine.trace([window]), np.zeros(1, dtype=np.int64)
    weights = [trace.observe(layer, row).weights[0] for layer in range(config.n_layers)]
    start = max(window.first + 1 - _CONTEXT_WINDOWS * W, 0)
    codes = torch.from_numpy(window.codes[start:].copy()).long()[None]
    own = input_times_gradient(network, codes, window.first - start)[0].double().numpy()
    here = window.first - start
    return np.concatenate(weights).astype(np.float64), own[here + 1 - W : here + 1][::-1]


def _correlations(weights: Float64, sizes: Float64) -> Float64:
    """Return Pearson's and Spearman's correlation of each head, shape (heads, 2)."""
    ranks = ranks_of(sizes[None])[0]
    return np.stack([correlation(weights, sizes), correlation(ranks_of(weights), ranks)], axis=1)
