"""``hub check``: what keeps a hub from being drawn, or drawn right."""

from __future__ import annotations

from tracktools.hub.check.run import check_hub, summary

__all__ = ["check_hub", "summary"]
