"""Texts that go into a hub: labels that no browser can mistake for markup, names that every browser accepts."""

from __future__ import annotations

import re

from tracktools.errors import InputError

SHORT_LABEL_CHARACTERS = 17  # UCSC prints this many left of a track
LONG_LABEL_CHARACTERS = 76  # and this many above it
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# igv.js writes labels and item names into pages as HTML, so these two may never reach a browser
_MARKUP = str.maketrans({"<": "‹", ">": "›"})


def track_name(name: str, *, path: object) -> str:
    """Return a track's name as UCSC wants it: letters, digits and ``_``, a letter first.

    Parameters
    ----------
    name : str
        Name in ``tracks.tsv``: letters, digits, ``_``, ``-`` and ``.``, up to 100 of them.
    path
        Where the name was read, for the message.

    Raises
    ------
    InputError
        If the name contains other characters, is longer, or starts with ``.`` or ``-``.

    Examples
    --------
    >>> track_name("NC_000913.3.plus", path="tracks.tsv")
    'NC_000913_3_plus'
    >>> track_name("7-day", path="tracks.tsv")
    't7_day'
    """
    if not _NAME.fullmatch(name):
        shown = name if len(name) <= 40 else name[:40] + "…"
        raise InputError(
            f"track name {shown!r} ({len(name)} characters) cannot name a file and a track in every browser",
            path=str(path),
            hint="use up to 100 ASCII letters, digits, _, - and ., the first of them a letter, digit or _",
        )
    safe = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return safe if safe[0].isalpha() else "t" + safe


def label(text: str, characters: int | None = None) -> str:
    r"""Return a label on one line, without ``<`` and ``>``, shortened in the middle where it is too long.

    Examples
    --------
    >>> label("Predicted TSS on the plus strand", 17)
    'Predicte..strand'
    >>> label("5'->3' <b>reads</b>\nof today")
    "5'-›3' ‹b›reads‹/b› of today"
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(without_markup(printable).split())
    if characters is None or len(text) <= characters:
        return text
    head = characters // 2
    return text[:head].rstrip() + ".." + text[-(characters - head - 2) :].lstrip()


def without_markup(text: str) -> str:
    """Return a text with angle quotes in the place of ``<`` and ``>``: alike in pictures and in HTML of browsers.

    Examples
    --------
    >>> without_markup("5'->3' exonuclease <i>")
    "5'-›3' exonuclease ‹i›"
    """
    return text.translate(_MARKUP)


def human_count(number: float) -> str:
    """Return a number with thousands separated.

    Examples
    --------
    >>> human_count(4641652), human_count(0.0), human_count(0.52344)
    ('4,641,652', '0', '0.5234')
    """
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,.4g}"
