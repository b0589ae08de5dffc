"""Motifs of what attention heads attend to: matrices, logos, matches, tracks. Reads what ``attention`` writes."""

from __future__ import annotations

from tracktools.motifs.run import find_motifs
from tracktools.motifs.write import MotifResult

__all__ = ["MotifResult", "find_motifs"]
