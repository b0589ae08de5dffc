"""The changes of a short sequence that raise or lower one TSS most: single ones, and pairs of the best of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tracktools.arrays import Float32, Letters
from tracktools.concise import concise
from tracktools.config import MutateConfig, PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine.strand_spans import StrandSpan
from tracktools.engine.substitutions import log_odds, substitution_effects
from tracktools.errors import ConfigError, InputError
from tracktools.genome import ALPHABET, Contig, Genome, as_genome
from tracktools.interval import STRANDS, Strand
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, why_not
from tracktools.run import output_folder
from tracktools.tracks import file_sha256, write_provenance

_DIRECTIONS = (("raise", 1), ("lower", -1))


class _Change(NamedTuple):
    """A substitution: base, 0-based, and new letter, both of the plus strand."""

    base: int
    code: int


@concise
@dataclass(frozen=True)
class DesignedChanges:
    """What was found.

    Parameters
    ----------
    folder : Path
        It contains ``changes.tsv``.
    contig, position, strand
        The TSS: name of the sequence, 0-based base on the plus strand, strand.
    output : float
        Model output there without any change.
    table : DataFrame
        A row per proposal: `direction` (raise or lower), `n` (changes in it, 1 or 2), `rank`, `changes` (``A123G``,
        1-based on the plus strand, joined by commas), `tssOffsets` (along the strand of the TSS), `modelOutput` (with
        the change), `effect` (change of the log-odds), `sumOfSingles` (of the effects of its changes alone).
    """

    folder: Path
    contig: str
    position: int
    strand: Strand
    output: float
    table: pd.DataFrame


def design_changes(
    sequence: Genome | Path | str,
    output: Path | str,
    *,
    tss: tuple[int, Strand] | None = None,
    model: Checkpoint | Path | str | None = None,
    config: PredictConfig | None = None,
    mutate: MutateConfig | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    force: bool = False,
) -> DesignedChanges:
    """Propose the single and double substitutions that raise or lower a TSS most; each is predicted.

    All substitutions that the output at the TSS depends on are tried alone, then all pairs of the best of each
    direction. The best pair of all may be none of these.

    Parameters
    ----------
    sequence : Genome, Path or str
        One sequence, such as a plasmid: FASTA, GenBank or any file that `load_genome` reads.
    output : Path or str
        Folder to make: ``changes.tsv``, ``provenance.json``.
    tss : tuple of (int, str), optional
        Base, 0-based on the plus strand, and strand; by default the base with the highest output of both strands.
    model, config, host
        See `tracktools.predict_genome`; a model that is set to a genome stays as it is for the unchanged sequence.
    mutate : MutateConfig, optional
        How many are proposed, and how many of the best singles are paired.
    force : bool
        Replace an earlier output.

    Raises
    ------
    InputError
        If there is more than one sequence, or the TSS has no output.
    """
    started, settings = time.time(), mutate or MutateConfig()
    if settings.best < 1 or settings.paired < 0:
        raise ConfigError(f"best is {settings.best} and paired {settings.paired}: write positive numbers")
    path = None if isinstance(sequence, Genome) else Path(sequence)
    inputs = [] if path is None else [path]
    with output_folder(Path(output), force=force, inputs=inputs) as folder:
        genome = as_genome(sequence)
        if len(genome.contigs) != 1:
            problem = f"contains {len(genome.contigs):,} sequences"
            raise InputError(problem, path=path, hint="one is needed: write the one to change into a file of its own")
        scoring = Scoring.of(genome, model, config, host)
        scoring.warn()
        site = _site(scoring, tss, path)
        found = _Search(site, scoring, settings)
        table = found.proposals()
        table.to_csv(folder / "changes.tsv", sep="\t", index=False, float_format="%.6g", lineterminator="\n")
        contig, position, strand = site
        where = {"contig": contig.name, "position": position + 1, "strand": strand, "modelOutput": found.output}
        parameters = {
            "tss": where,
            "mutate": asdict(settings),
            "inputs": {str(one): file_sha256(one) for one in inputs},
        }
        write_provenance(folder, started=started, parameters=parameters, **scoring.provenance())
    return DesignedChanges(Path(output), contig.name, position, strand, found.output, table)


def _site(scoring: Scoring, tss: tuple[int, Strand] | None, path: Path | None) -> Site:
    """Return the TSS that is asked for, or the base with the highest output."""
    contig = scoring.genome.contigs[0]
    if tss is not None:
        site = Site(contig, *tss)
        if not 0 <= site.position < len(contig):
            problem = f"position {site.position + 1} is outside {contig.name}"
            raise InputError(problem, path=path, hint=f"it has bases 1 to {len(contig)}")
        if reason := why_not(site, scoring.network.label_shift_bp):
            raise InputError(f"the TSS {contig.name}:{site.position + 1}:{site.strand} is {reason}", path=path)
        return site
    spans = [StrandSpan(contig, strand, 0, len(contig)) for strand in STRANDS]
    outputs = np.array(scoring.outputs(spans))
    if np.isnan(outputs).all():
        raise InputError("has no base with a model output", path=path, hint="is it too short?")
    strand, position = np.unravel_index(np.nanargmax(outputs), outputs.shape)
    return Site(contig, int(position), STRANDS[strand])


class _Search:
    """All singles, and the pairs of the best of them."""

    def __init__(self, site: Site, scoring: Scoring, settings: MutateConfig) -> None:
        self._site, self._scoring, self._settings = site, scoring, settings
        self._effects = substitution_effects(
            *site, scoring.engine, scoring.network, scoring.config.block_bp, scoring.model.context
        )
        self.output = float(self._predict([()])[0])

    def proposals(self) -> pd.DataFrame:
        """Return the best of each direction and number of changes."""
        parts = []
        for direction, sign in _DIRECTIONS:
            singles = self._singles(sign)
            parts.append(self._rows(direction, sign, [(one,) for one in singles[: self._settings.best]]))
            pairs = [pair for pair in combinations(singles[: self._settings.paired], 2) if pair[0].base != pair[1].base]
            parts.append(self._rows(direction, sign, pairs))
        return pd.concat(parts, ignore_index=True)

    def _singles(self, sign: int) -> list[_Change]:
        """Return the substitutions that raise (1) or lower (-1) the TSS, the strongest first."""
        effects = np.nan_to_num(sign * self._effects)
        order = np.argsort(-effects, axis=None, kind="stable")
        bases, codes = np.unravel_index(order[effects.ravel()[order] > 0], effects.shape)
        return [_Change(int(base), int(code)) for base, code in zip(bases, codes, strict=True)]

    def _rows(self, direction: str, sign: int, proposals: Sequence[tuple[_Change, ...]]) -> pd.DataFrame:
        """Predict proposals, and return the best of them."""
        outputs = self._predict(proposals)
        effects = log_odds(outputs) - log_odds(np.array([self.output], dtype=np.float32))
        best = np.argsort(-sign * effects, kind="stable")[: self._settings.best]
        chosen = [sorted(proposals[number]) for number in best]
        rows = {
            "direction": direction,
            "n": [len(one) for one in chosen],
            "rank": np.arange(1, len(best) + 1),
            "changes": [",".join(map(self._name, one)) for one in chosen],
            "tssOffsets": [",".join(f"{self._offset(change):+d}" for change in one) for one in chosen],
            "modelOutput": outputs[best],
            "effect": effects[best],
            "sumOfSingles": [float(sum(self._effects[change] for change in one)) for one in chosen],
        }
        return pd.DataFrame(rows)

    def _predict(self, proposals: Sequence[tuple[_Change, ...]]) -> Float32:
        """Return the output at the TSS with each of some sets of changes."""
        contig, position, strand = self._site
        spans = (
            StrandSpan(Contig(contig.name, self._changed(one), contig.circular), strand, position, position + 1)
            for one in proposals
        )
        return np.array(self._scoring.outputs(spans), dtype=np.float32).reshape(len(proposals))

    def _changed(self, changes: Iterable[_Change]) -> Letters:
        letters = self._site.contig.letters.copy()
        for base, code in changes:
            letters[base] = ord(ALPHABET[code])
        return letters

    def _name(self, change: _Change) -> str:
        before = chr(self._site.contig.letters[change.base]).upper()
        return f"{before}{change.base + 1}{ALPHABET[change.code]}"

    def _offset(self, change: _Change) -> int:
        """Return the offset of a change from the TSS along its strand; on a circle, the shorter way."""
        contig, position, strand = self._site
        offset = (change.base - position) * (1 if strand == "+" else -1)
        if not contig.circular:
            return offset
        return (offset + len(contig) // 2) % len(contig) - len(contig) // 2
