"""``attention``: what every head attends to, over a whole genome; see docs/attention.md."""

from __future__ import annotations

from tracktools.attention.run import AttentionRun, attend_genome

__all__ = ["AttentionRun", "attend_genome"]
