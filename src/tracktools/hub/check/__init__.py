"""``hub check``: what keeps a hub from being drawn, or drawn right."""

from __future__ import annotations

from tracktools.hub.check.report import Finding, Level, summary
from tracktools.hub.check.run import check_hub

__all__ = ["Finding", "Level", "check_hub", "summary"]
