"""``motifs``: from a folder of attention to motifs, matches, logos, tracks and a page."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tracktools.bundle import load_bundle
from tracktools.config import MotifConfig
from tracktools.errors import ConfigError, InputError
from tracktools.genome import Genome, as_genome
from tracktools.motifs.attention_folder import AttentionFolder, check_genome, read_attention
from tracktools.motifs.discover import discover_motifs
from tracktools.motifs.matches import Collection, read_collections
from tracktools.motifs.write import MotifResult, write_motifs
from tracktools.run import check_output, output_folder
from tracktools.tracks import HasFolder, file_sha256, folder_of, write_provenance

log = logging.getLogger(__name__)


def find_motifs(
    attention: Path | str | HasFolder,
    output: Path | str,
    *,
    genome: Genome | Path | str | None = None,
    collections: Sequence[Path | str] = (),
    background: Sequence[str] = (),
    config: MotifConfig | None = None,
    renames: Mapping[str, str] | None = None,
    force: bool = False,
) -> MotifResult:
    """Find what the attention heads of a model have in common where they attend most.

    Parameters
    ----------
    attention : Path, str or AttentionRun
        Folder that ``tracktools attention`` wrote, or what `attend_genome` made.
    output : Path
        Folder to make: ``motifs.tsv``, ``matches.tsv``, ``motifs.meme``, ``motifs.jaspar``, ``logos``, ``logo_sheet``,
        ``beds``, ``tracks.tsv``, ``index.html``, ``provenance.json``; with a TSS set also ``elements.tsv``,
        ``spacing.tsv``, ``starts.tsv`` and ``spacing``.
    genome : Genome, Path or str, optional
        From `load_genome`, or the file; by default the embedded *E. coli* genome, if the folder was made on it.
    collections : sequence of Path
        Motif collections to compare with, MEME or TRANSFAC.
    background : sequence of str
        Sets of ``attention --at`` that are the background, not TSS; by default it is the positions with the
        lowest output.
    config : MotifConfig, optional
        Numbers of sites and thresholds.
    renames : mapping of str to str, optional
        Name of a sequence in the folder to its name in `genome`.
    force : bool
        Replace an `output` that contains results.

    Returns
    -------
    MotifResult

    Raises
    ------
    InputError
        If a file is not what it should be; as `GenomeMismatchError`, if the genome is another one.
    """
    started, config = time.time(), config or MotifConfig()
    _check_config(config)
    attention = folder_of(attention)
    files = [] if genome is None or isinstance(genome, Genome) else [genome]
    inputs = [Path(path) for path in (attention, *files, *collections)]
    output = check_output(Path(output), force=force, inputs=inputs)
    folder = read_attention(attention, background)
    compared = read_collections([Path(path) for path in collections])
    folder, loaded = _on_genome(folder, genome, renames)
    motifs = discover_motifs(folder, loaded, config)
    with output_folder(output, force=force, inputs=inputs) as partial:
        result = write_motifs(partial, folder, loaded, tuple(motifs), compared, config)
        write_provenance(
            partial,
            started=started,
            genome={"name": loaded.name, "sha256": loaded.sha256},
            model=folder.provenance.get("model"),
            parameters=_parameters(folder, compared, config),
            warnings=result.notes,
        )
    for note in result.notes:
        log.warning("warning: %s", note)
    return replace(result, folder=output)


def _check_config(config: MotifConfig) -> None:
    if config.window_bp % 2 == 0 or config.window_bp < 9:
        raise ConfigError(
            f"window_bp is {config.window_bp} (an odd number from 9 is needed: the attended base is its middle)"
        )
    if config.top < config.min_sites:
        raise ConfigError(f"the best {config.top} sites are fewer than the {config.min_sites} that a motif needs")


def _on_genome(
    folder: AttentionFolder, given: Genome | Path | str | None, renames: Mapping[str, str] | None
) -> tuple[AttentionFolder, Genome]:
    """Return the folder, with the names of the genome, and the genome, circular as it was then."""
    if given is None:
        given = load_bundle().load_genome()
        if not renames and folder.said_of("genome").get("sha256") != given.sha256:
            hint = "give --genome the FASTA or 2bit that it was made from"
            raise InputError("was not made on the embedded E. coli genome", path=folder.path, hint=hint)
    genome = as_genome(given)
    folder = check_genome(folder, genome, None if isinstance(given, Genome) else Path(given), renames)
    return folder, genome.with_circular(folder.circular)


def _parameters(folder: AttentionFolder, collections: Sequence[Collection], config: MotifConfig) -> dict[str, Any]:
    used = {one.name: {"file": one.path.name, "sha256": file_sha256(one.path)} for one in collections}
    made_by = {key: folder.provenance.get(key) for key in ("command", "parameters")}
    return {"config": asdict(config), "collections": used, "attention": made_by}
