"""The text of a hub as UCSC reads it: bytes, lines, settings, stanzas; each setting with its file and line.

The rules (UCSC's ``lineFileNextFull``, ``raNextStanza`` and ``trackDbFromOpenRa``): lines end with LF, CRLF or CR; a
backslash joins the next line, also where blanks follow it, and that line loses its indent; a comment line is skipped
and joins nothing; an empty line ends a stanza; only ASCII blanks are blank. In a stanza the first word of a line is the
key; ``include FILE`` is one only between stanzas.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

BLANKS = " \t\v\f"
_MOST_BYTES = 1 << 26  # of a text that was packed
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
KINDS = ("track", "genome", "hub", "name")


@dataclass(frozen=True)
class Setting:
    """One line: a key, its value (None where the line has the key alone), where it is."""

    key: str
    value: str | None
    file: str
    line: int


@dataclass(frozen=True)
class Stanza:
    """Lines between two empty ones.

    Parameters
    ----------
    settings : tuple of Setting
        In the order of the file, keys given twice included; at least one.
    """

    settings: tuple[Setting, ...]
    _by_key: dict[str, Setting] = field(init=False, repr=False, compare=False, hash=False, default_factory=dict)

    def __post_init__(self) -> None:
        for setting in self.settings:  # UCSC takes the last of several
            self._by_key[setting.key] = setting

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str, default: str = "") -> str:
        """Return the value of a key."""
        return (self._by_key[key].value or "") if key in self._by_key else default

    def place_of(self, key: str) -> Setting:
        """Return the setting of a key; the first of the stanza where it has none."""
        return self._by_key.get(key, self.settings[0])

    @property
    def file(self) -> str:
        """Where the stanza begins."""
        return self.settings[0].file

    @property
    def kind(self) -> str:
        """What it describes: track, genome, hub or (of a group) name; empty where it says none of these."""
        return next((kind for kind in KINDS if kind in self), "")

    @property
    def track_name(self) -> str:
        """Name of the track it describes, or empty."""
        return next(iter(split_words(self.get("track"))), "")


@dataclass(frozen=True)
class Include:
    """A line that names another file to be read in its place."""

    value: str
    file: str
    line: int
    inside: bool  # of a stanza, where UCSC takes it for a setting


@dataclass(frozen=True)
class Problem:
    """Something about the text itself; `severe` where UCSC reads it otherwise than it is meant."""

    code: str
    problem: str
    fix: str
    line: int
    severe: bool = True


@dataclass(frozen=True)
class Text:
    """What one file contains, and what is wrong with it as a text."""

    parts: tuple[Stanza | Include, ...]
    problems: tuple[Problem, ...]


def read_text(data: bytes, file: str) -> Text:
    """Return the stanzas of a file and what is wrong with it as a text; reads on as it was meant.

    Parameters
    ----------
    data : bytes
        The file.
    file : str
        Its name in findings.
    """
    text, problems = _decode(data)
    if text.lstrip()[:1] == "<":
        problem = Problem(
            "web-page", "is a web page, not the text of a hub", "put the text there, or correct the path", 1
        )
        return Text((), (*problems, problem))
    parts: list[Stanza | Include] = []
    for lines in _paragraphs(text, problems):
        parts += _stanzas(lines, file, problems)
    return Text(tuple(parts), tuple(problems))


def split_words(value: str) -> list[str]:
    r"""Return the words of a value, as UCSC sees them: only ASCII blanks separate words.

    Examples
    --------
    >>> split_words("bigBed 9\t+"), split_words("bigBed\xa09")
    (['bigBed', '9', '+'], ['bigBed\xa09'])
    """
    return [word for word in re.split(r"[ \t\v\f]+", value) if word]


def _decode(data: bytes) -> tuple[str, list[Problem]]:
    problems = []
    if data.startswith(_GZIP):
        problems.append(Problem("gzip", "is compressed, and UCSC reads plain text", "unpack it: gzip -d", 0))
        try:
            data = zlib.decompressobj(wbits=47).decompress(data, _MOST_BYTES)
        except zlib.error:
            data = b""
    if data.startswith(_BOM):
        problem = "starts with a byte order mark, which UCSC takes for a part of the first word"
        problems.append(Problem("byte-order-mark", problem, "save it as UTF-8 without BOM", 1))
        data = data[len(_BOM) :]
    if b"\0" in data:
        problems.append(Problem("encoding", "contains NUL bytes: it is no plain text", "save it as UTF-8", 0))
        data = data.replace(b"\0", b"")
    try:
        return data.decode(), problems
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = f"byte {data[error.start]:#04x} is not UTF-8: browsers show it as they like"
        problems.append(Problem("encoding", problem, "save the file as UTF-8", line, severe=False))
        return data.decode("latin-1"), problems


def _paragraphs(text: str, problems: list[Problem]) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines between empty ones, with their numbers, joined, without comments."""
    lines: list[tuple[int, str]] = []
    for number, line in _logical_lines(text):
        stripped = line.strip(BLANKS)
        if stripped and not stripped.strip(BLANKS + "\xa0"):
            problem = "the line looks empty but contains a no-break space, so it ends no stanza"
            problems.append(Problem("no-break-space", problem, "make it empty", number))
            stripped = ""
        if not stripped:
            if lines:
                yield lines
            lines = []
        elif not stripped.startswith("#"):
            lines.append((number, stripped))
    if lines:
        yield lines


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    held: list[str] = []
    first = 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        piece = line.lstrip(BLANKS) if held else line
        if piece.rstrip(BLANKS).endswith("\\") and not line.lstrip(BLANKS).startswith("#"):
            held.append(piece.rstrip(BLANKS)[:-1])
            first = first or number
            continue
        yield first or number, "".join([*held, piece])
        held, first = [], 0
    if held:
        yield first, "".join(held)


def _stanzas(lines: list[tuple[int, str]], file: str, problems: list[Problem]) -> Iterator[Stanza | Include]:
    """Yield the stanzas of some lines: several where an empty line was forgotten."""
    settings: list[Setting] = []
    for number, line in lines:
        key, value = _key_and_value(line)
        if "\xa0" in key:
            problem = f"a no-break space in {key!r}: UCSC does not see where the word ends"
            problems.append(Problem("no-break-space", problem, "type an ordinary space", number))
            key, value = _key_and_value(line.replace("\xa0", " "))
        if key == "include" and value:
            yield Include(value, file, number, bool(settings))
            continue
        if settings and _starts_another(key, settings):
            problem = f"{key} {value or ''} starts without an empty line before it, so UCSC joins it to the lines above"
            problems.append(Problem("missing-blank", problem, "put an empty line before it", number))
            yield Stanza(tuple(settings))
            settings = []
        settings.append(Setting(key, value, file, number))
    if settings:
        yield Stanza(tuple(settings))


def _key_and_value(line: str) -> tuple[str, str | None]:
    parts = re.split(r"[ \t\v\f]+", line.strip(BLANKS), maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else None


def _starts_another(key: str, settings: list[Setting]) -> bool:
    if key == "name":
        return settings[0].key == "name"
    if key not in ("hub", "genome", "track"):
        return False
    return any(setting.key in ("hub", "genome", "track") for setting in settings)
