"""Description pages of tracks: there, readable, with links that lead somewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from tracktools.hub.check.files import is_text
from tracktools.hub.check.model import Track
from tracktools.hub.check.places import FolderError, HubFiles, MissingFileError, UnknownFileError, is_url
from tracktools.hub.check.ra import Stanza
from tracktools.hub.check.report import Findings, Level

_MOST_BYTES = 1 << 22  # of a page are looked through for links
_LINKS = {"a": "href", "img": "src", "link": "href", "script": "src", "iframe": "src"}


def check_track_page(track: Track, places: HubFiles, findings: Findings) -> None:
    """Look for the page of a track as UCSC does: its own, ``<track>.html``, or that of a parent.

    Parameters
    ----------
    track : Track
        The track.
    places : HubFiles
        The files of the hub.
    findings : Findings
        Where findings go.
    """
    missing: tuple[str, str] | None = None
    for other in track.line_of_parents():
        page = other.get("html") or other.name
        value = page if page.endswith(".html") else page + ".html"
        address = places.address(other.base, value)
        try:
            data = places.read(address)
        except MissingFileError as error:
            if other is track and other.get("html"):
                missing = page, str(error)
            continue
        except UnknownFileError as error:
            if other is track and other.get("html") and address not in places.left_out:
                fix = "check again where it can be reached"
                findings.warning(track.stanza, "html", "not-checked", f"html {page} {error}", fix)
            return
        if other is track:
            check_page(track.stanza, "html", address, data, places, findings)
        if missing:
            problem = f"html {missing[0]} {missing[1]}; UCSC shows the page of {other.name}"
            findings.warning(track.stanza, "html", "missing-html", problem, "write the page or correct the path")
        return
    if missing:
        problem, fix = f"html {missing[0]} {missing[1]}", "write the page or correct the path"
        findings.error(track.stanza, "html", "missing-html", problem, fix)
    elif track.name != "cytoBandIdeo":
        problem, fix = "has no description page", "write: html PAGE.html, and describe how it was made"
        findings.warning(track.stanza, "html", "missing-html", problem, fix)


def check_page(stanza: Stanza, key: str, address: str, data: bytes, places: HubFiles, findings: Findings) -> None:
    """Check that a page is one: not empty, text, its links to files of the hub right."""
    value = stanza.get(key) or places.name(address)
    if not data.strip():
        findings.warning(stanza, key, "page", f"{key} {value} is empty", "describe how it was made")
        return
    if not is_text(data):
        findings.error(stanza, key, "page", f"{key} {value} is no text", "write an HTML page")
        return
    links = _Links()
    links.feed(data[:_MOST_BYTES].decode(errors="replace"))
    for line, link in links.found:
        problem = _broken(link, address, places)
        if problem:
            fix = "correct the link, or add the file"
            name = places.name(address)
            findings.add_file(
                Level.WARNING, name, "broken-link", f"the link {link} {problem}", fix, line, stanza.track_name
            )


class _Links(HTMLParser):
    """Collects what a page links to, with the lines."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == _LINKS.get(tag):
                self.found.append((self.getpos()[0], value.strip()))


def _broken(link: str, address: str, places: HubFiles) -> str:
    """Return what is wrong with a link to a file of the hub; empty where nothing is, or where it leads elsewhere."""
    try:
        split = urlsplit(link)
    except ValueError:
        return "is no web address"
    if split.scheme or split.netloc or not split.path or link.startswith(("/", "../cgi-bin", "../goldenPath")):
        return ""
    target = places.address(address, split.path if is_url(address) else unquote(split.path))
    if target.endswith("/") or split.path.endswith("/"):
        return ""
    try:
        places.fetch(target)
    except (FolderError, UnknownFileError):
        return ""
    except MissingFileError as error:
        return str(error)
    return ""
