"""The hub's first stanza, names and labels of tracks, and settings that no browser knows."""

from __future__ import annotations

import re

from tracktools.hub.check.model import Hub, Track
from tracktools.hub.check.pages import check_page
from tracktools.hub.check.places import HubFiles, MissingFileError, UnknownFileError
from tracktools.hub.check.ra import Stanza, split_words
from tracktools.hub.check.report import Findings, Level
from tracktools.hub.check.settings import unknown_setting
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS

_MOST_LABEL = 80  # characters of a long label; UCSC advises 76
_TEXTS = (
    "shortLabel",
    "longLabel",
    "label",
    "description",
    "organism",
    "scientificName",
    "mouseOver",
    "metadata",
    "meta",
)
_TEXT_KEY = re.compile(
    r"(filter|highlight)(Label|Values|Text)|subGroup\d|urlLabel|bedNameLabel|dataVersion|pennantIcon"
)
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def check_hub_stanza(hub: Hub, places: HubFiles, findings: Findings) -> None:
    """Check what the hub says of itself."""
    stanza, file = hub.stanza, places.name(places.home)
    if not file.partition("?")[0].endswith("hub.txt"):
        problem = "is not named …hub.txt"
        findings.add_file(Level.NOTE, file, "file-name", problem, "rename it: igv.js knows a hub by that")
    if "hub" not in stanza:
        return
    check_settings(stanza, findings)
    if stanza.place_of("hub").line != 1:
        problem = "the hub line is not the first one of the file"
        findings.note(stanza, "hub", "first-line", problem, "put it first: JBrowse wants it so")
    for key in ("hub", "shortLabel", "longLabel", "email"):
        if key not in stanza:
            findings.error(stanza, key, f"missing-{key}", f"the hub has no {key}", f"add a line: {key} …")
    email = stanza.get("email")
    if email and not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        add = findings.note if "@" in email else findings.error
        add(stanza, "email", "email", f"email {email!r} is no address", "write: email NAME@HOST")
    if hub.is_one_file and stanza.get("useOneFile") != "on":
        problem = f"useOneFile is {stanza.get('useOneFile')!r}, and UCSC takes any value for on"
        findings.error(stanza, "useOneFile", "value", problem, "write: useOneFile on, or remove the line")
    elif hub.is_one_file and stanza.get("genomesFile"):
        problem = "useOneFile and genomesFile: UCSC reads no genomesFile then"
        findings.warning(stanza, "genomesFile", "use-one-file", problem, "keep one of them")
    elif not hub.is_one_file and not stanza.get("genomesFile"):
        problem = "says neither useOneFile nor genomesFile"
        findings.error(stanza, "hub", "use-one-file", problem, "write: useOneFile on")
    elif not hub.is_one_file:
        problem = "is a hub of three files, which igv.js cannot open"
        findings.note(stanza, "genomesFile", "three-files", problem, "put all in one file and write: useOneFile on")
    _check_description(stanza, hub.base, places, findings)


def _check_description(stanza: Stanza, base: str, places: HubFiles, findings: Findings) -> None:
    key, value = "descriptionUrl", stanza.get("descriptionUrl")
    if not value:
        problem = "the hub has no descriptionUrl"
        findings.warning(stanza, key, "missing-descriptionUrl", problem, "add a line: descriptionUrl PAGE.html")
        return
    address = places.address(base, value)
    try:
        data = places.read(address)
    except MissingFileError as error:
        fix = "write the page or correct the path"
        findings.error(stanza, key, "missing-descriptionUrl", f"descriptionUrl {value} {error}", fix)
    except UnknownFileError as error:
        fix = "check again where it can be reached"
        findings.warning(stanza, key, "not-checked", f"descriptionUrl {value} {error}", fix)
    else:
        check_page(stanza, key, address, data, places, findings)


def check_labels(track: Track, findings: Findings) -> None:
    """Check the name of a track and its labels, which a parent may give."""
    stanza, line = track.stanza, track.get("track")
    safe = re.sub(r"[^\w-]", "_", line, flags=re.ASCII)
    safe = safe if safe[:1].isalpha() else f"t{safe}"
    if split_words(line)[1:] not in ([], ["override"]):
        problem = f"track name {line!r} is not one word"
        findings.error(stanza, "track", "track-name", problem, f"{safe} is one")
    elif not line:
        findings.error(stanza, "track", "track-name", "a track without a name", "write: track NAME")
    elif not _NAME.fullmatch(track.name):
        problem = f"track name {track.name!r} is not letters, digits and _, a letter first: browsers change it"
        findings.warning(stanza, "track", "track-name", problem, f"{safe} is one")
    for key, most, advised in (
        ("shortLabel", SHORT_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS),
        ("longLabel", _MOST_LABEL, LONG_LABEL_CHARACTERS),
    ):
        text = track.get(key)
        if not track.find(key):
            problem = f"has no {key}"
            findings.error(stanza, key, f"missing-{key}", problem, f"add one of up to {advised} characters")
        elif len(text) > most:
            problem = f"{key} has {len(text)} characters, browsers cut it"
            findings.note(stanza, key, "long-label", problem, f"write up to {advised}")
        if "<" in text:
            problem = f"{key} contains <, which igv.js takes for HTML"
            findings.note(stanza, key, "markup", problem, "write it in words")


def check_settings(stanza: Stanza, findings: Findings) -> None:
    """Say which settings of a stanza no browser knows, which are given twice, which say nothing."""
    track = stanza.track_name
    seen: dict[str, str | None] = {}
    for setting in stanza.settings:
        if setting.key in seen:
            same = seen[setting.key] == setting.value
            level = Level.NOTE if same else Level.WARNING
            problem = f"{setting.key} is given twice" + ("" if same else ", and UCSC takes the last")
            findings.add_file(level, setting.file, "twice", problem, "keep one of them", setting.line, track)
        seen[setting.key] = setting.value
        meant = unknown_setting(setting.key, stanza.kind or "track")
        if meant is not None:
            fix = f"did you mean {meant}?" if meant else "remove it"
            problem = f"no browser knows the setting {setting.key}"
            findings.add_file(Level.WARNING, setting.file, "unknown-setting", problem, fix, setting.line, track)
        if "\xa0" in (setting.value or "") and setting.key not in _TEXTS and not _TEXT_KEY.match(setting.key):
            problem = f"a no-break space in {setting.key} {setting.value!r}: no browser takes it for a blank"
            fix = "type an ordinary space"
            findings.add_file(Level.ERROR, setting.file, "no-break-space", problem, fix, setting.line, track)
        if not setting.value:
            problem = f"{setting.key} has no value"
            fix = "write one or remove the line"
            findings.add_file(Level.ERROR, setting.file, "no-value", problem, fix, setting.line, track)
