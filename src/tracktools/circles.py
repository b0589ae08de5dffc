"""``--circular all``: a message says what it joins; contigs that are too short are refused."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from tracktools.config import NetworkConfig
from tracktools.errors import InputError
from tracktools.genome import Genome, load_genome
from tracktools.names import listed

log = logging.getLogger(__name__)


def load_joined(
    path: Path | str, circular: Collection[str], network: NetworkConfig, *, name: str | None = None
) -> Genome:
    """Read a genome for a network, and check the circles that ``all`` makes.

    Parameters
    ----------
    path : Path or str
        The genome, see `load_genome`.
    circular : collection of str
        Names of circular contigs, and ``all``. A contig that is named, or that the file calls circular, may have any
        length.
    network : NetworkConfig
        Its context must fit once on each contig that ``all`` joins: a shorter contig would be read round and round.
    name : str, optional
        Name of the genome.

    Raises
    ------
    InputError
        As `load_genome`; if ``all`` joins a contig of several that is shorter than the context.
    """
    genome = load_genome(path, circular=[one for one in circular if one != "all"], name=name)
    if "all" not in circular:
        return genome
    context_bp = network.halo_upstream_bp + network.halo_downstream_bp + 1
    joined = [contig for contig in genome if not contig.circular]
    short = [contig.name for contig in joined if len(contig) < context_bp]
    if short and len(genome.contigs) > 1:  # the only contig is as good as named
        problem = (
            f"--circular all joins {listed(short)}, shorter than the {context_bp:,} bases that an output depends on"
        )
        hint = "name the circles instead: --circular NAME; a contig that is named may have any length"
        raise InputError(problem, path=path, hint=hint)
    if len(joined) > 1:
        names = listed([contig.name for contig in joined])
        log.warning("warning: --circular all joins the ends of %d contigs: %s; contigs of a draft are rarely circles, "
                    "name those that are", len(joined), names)  # fmt: skip
    return genome.with_circular([contig.name for contig in joined])
