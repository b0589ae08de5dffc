"""Versions of this package and of others, as provenance, pages and ``tracktools info`` give them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

NOT_INSTALLED = "0+unknown"  # of tracktools itself, where it runs from a source tree that is not installed


def tracktools_version() -> str:
    """Return the version of tracktools."""
    return package_versions(["tracktools"])["tracktools"]


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of packages; one that is not installed is left out, but for tracktools itself."""
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            if name == "tracktools":
                versions[name] = NOT_INSTALLED
    return versions
