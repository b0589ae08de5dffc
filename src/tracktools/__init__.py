"""A genome FASTA in, browser tracks out.

The names are listed in ``__init__.pyi``, for people, editors and type checkers alike; docs/python.md shows their use.
"""

from functools import cache


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name == "__version__":
        from tracktools.versions import tracktools_version

        return tracktools_version()
    get, _, names = _stub()
    return names if name == "__all__" else get(name)


def __dir__() -> list[str]:
    return _stub()[1]()


@cache
def _stub():  # type: ignore[no-untyped-def]
    from lazy_loader import attach_stub

    return attach_stub(__name__, __file__)
