"""Reading of ``hub.txt`` and of what it includes, each setting with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """One line: a key, its value, and the line it stands on."""

    key: str
    value: str
    line: int


@dataclass(frozen=True)
class Block:
    """Lines between two empty ones.

    Parameters
    ----------
    file : str
        Path in the hub.
    line : int
        Line of the first setting.
    settings : tuple of Setting
        In the order of the file, keys given twice included.
    """

    file: str
    line: int
    settings: tuple[Setting, ...]
    _by_key: dict[str, Setting] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for setting in self.settings:
            self._by_key.setdefault(setting.key, setting)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Setting:
        return self._by_key[key]

    def get(self, key: str, default: str = "") -> str:
        """Return the value of a key."""
        return self._by_key[key].value if key in self._by_key else default

    def line_of(self, key: str) -> int:
        """Return the line of a key; that of the block where it has none."""
        return self._by_key[key].line if key in self._by_key else self.line

    @property
    def kind(self) -> str:
        """What the first key says it is: hub, genome, track, or another word."""
        return self.settings[0].key


def read_blocks(root: Path, name: str) -> list[Block]:
    """Return the blocks of a file of a hub, those of included files in their place.

    Parameters
    ----------
    root : Path
        Folder of the hub.
    name : str
        Path of the file in it.

    Raises
    ------
    OSError, UnicodeDecodeError
        If a file cannot be read.
    """
    return list(_blocks(root, name, ()))


def _blocks(root: Path, name: str, outer: tuple[str, ...]) -> Iterator[Block]:
    settings: list[Setting] = []
    for line, text in _logical_lines((root / name).read_text(encoding="utf-8")):
        key, _, value = text.replace("\t", " ").strip().partition(" ")
        if key == "include" and name not in outer:
            if settings:
                yield Block(name, settings[0].line, tuple(settings))
                settings = []
            yield from _blocks(root, str(Path(name).parent / value.strip()), (*outer, name))
        elif key and not key.startswith("#"):
            settings.append(Setting(key, value.strip(), line))
        elif not key and settings:
            yield Block(name, settings[0].line, tuple(settings))
            settings = []
    if settings:
        yield Block(name, settings[0].line, tuple(settings))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers; a backslash at the end joins the next one."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.endswith("\\"):
            held, first = held + line[:-1] + " ", first or number
            continue
        yield first or number, held + line
        held, first = "", 0
    if held:
        yield first, held
