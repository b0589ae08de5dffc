"""The folder of cached files, which can be made again."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TRACKTOOLS_CACHE"


def cache_folder() -> Path:
    """Return ``$TRACKTOOLS_CACHE``, or the folder ``tracktools`` of the user's cache; it may not be there yet."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(VARIABLE) or user_cache_dir("tracktools"))
