"""The files that settings name: where they are, and of what kind; one table of rules, a row per setting."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracktools.formats.bbi import BIGBED_MAGIC, BIGWIG_MAGIC
from tracktools.hub.check.families import BIG_BEDS
from tracktools.hub.check.model import Track
from tracktools.hub.check.places import Fetched, HubFiles, MissingFileError, UnknownFileError, is_url
from tracktools.hub.check.ra import Stanza
from tracktools.hub.check.report import Findings, Level

_MAGICS = {"bigBed": BIGBED_MAGIC, "bigWig": BIGWIG_MAGIC}
_SAMPLE_BYTES = 1 << 13
_CHECK_AGAIN = "check again where it can be reached"


@dataclass(frozen=True)
class FileRule:
    """A setting that names a file.

    Parameters
    ----------
    key : str
        The setting.
    code : str
        Code of the finding where the file is missing.
    suffixes : tuple of str
        What is added to the name, for each file that must be there.
    fix : str
        What to do where one is missing.
    level : Level
        How bad that is.
    """

    key: str
    code: str
    suffixes: tuple[str, ...] = ("",)
    fix: str = "write the file or correct the path"
    level: Level = Level.ERROR


TRACK_FILES = (
    FileRule("bigDataUrl", "missing-data"),
    FileRule("bigDataIndex", "missing-index"),
    FileRule("searchTrix", "missing-trix", ("", "x"), "make it with ixIxx, or remove the line"),
    FileRule("barChartCategoryUrl", "missing-file"),
    FileRule("barChartMatrixUrl", "missing-file"),
    FileRule("barChartSampleUrl", "missing-file"),
    FileRule("barChartStatsUrl", "missing-file"),
    FileRule("hideEmptySubtracksMultiBedUrl", "missing-file"),
    FileRule("hideEmptySubtracksSourcesUrl", "missing-file"),
    FileRule("multiRegionsBedUrl", "missing-file"),
    FileRule("metaDataUrl", "missing-file"),
    FileRule("frames", "missing-file"),
    FileRule("summary", "missing-file"),
)
GENOME_FILES = (
    FileRule("twoBitPath", "twobit"),
    FileRule("twoBitBptUrl", "missing-file"),
    FileRule("groups", "missing-groups"),
    FileRule("chromSizes", "missing-chromSizes"),
    FileRule("chromAlias", "missing-chromAlias"),
    FileRule("chromAliasBb", "missing-chromAliasBb"),
    FileRule("htmlPath", "missing-htmlPath"),
)
_KIND_NAMES = {
    "bigBed": "a bigBed",
    "bigWig": "a bigWig",
    "bam": "a BAM or CRAM",
    "cram": "a CRAM",
    "hic": "a .hic file",
}
_KIND_NAMES |= {"vcf": "a VCF packed with bgzip", "bgzip": "a text packed with bgzip"}
_INDEXES = {"bam": (".bai", ".csi"), "cram": (".crai",), "vcf": (".tbi", ".csi"), "bgzip": (".tbi", ".csi")}


def check_named_files(
    stanza: Stanza, base: str, rules: tuple[FileRule, ...], places: HubFiles, findings: Findings
) -> dict[str, Fetched]:
    """Look for every file that a stanza names; return those that are there, by setting."""
    there: dict[str, Fetched] = {}
    for rule in rules:
        value = stanza.get(rule.key)
        if not value:
            continue
        for suffix in rule.suffixes:
            found = find_file(stanza, rule, suffix, base, places, findings)
            if found is not None:
                there[rule.key + suffix] = found
    return there


def find_file(
    stanza: Stanza, rule: FileRule, suffix: str, base: str, places: HubFiles, findings: Findings
) -> Fetched | None:
    """Return one file that a stanza names; None, with a finding, where it is not to be had."""
    key, value = rule.key, stanza.get(rule.key)
    address = places.address(base, value) + suffix
    try:
        found = places.fetch(address)
    except MissingFileError as error:
        findings.add(rule.level, stanza, key, rule.code, f"{key} {value}{suffix} {error}", rule.fix)
        return None
    except UnknownFileError as error:
        if address not in places.left_out:
            findings.warning(stanza, key, "not-checked", f"{key} {value}{suffix} {error}", _CHECK_AGAIN)
        return None
    if key == "bigDataUrl" and places.is_large(found) and address not in places.left_out:
        problem = f"{key} {value} is large ({found.size / 1e6:,.0f} MB): only its kind was checked"
        findings.note(stanza, key, "large-file", problem, "raise --max-file-mb to check all of it")
    if places.is_outside(address):
        problem = f"{key} {value} is outside the folder of the hub"
        add = findings.warning if value.startswith("/") else findings.note
        add(stanza, key, "outside", problem, "is it there too where the hub is served? Else copy it")
    return found


def find_data(track: Track, places: HubFiles, findings: Findings) -> Fetched | None:
    """Return the data of a track that shows some, its kind and its index being right; None else.

    Parameters
    ----------
    track : Track
        A track that contains no others.
    places : HubFiles
        The files of the hub.
    findings : Findings
        Where findings go.
    """
    owner = next((other for other in track.line_of_parents() if "bigDataUrl" in other), None)
    if owner is None or not owner.get("bigDataUrl"):
        if track.kind not in ("mathWig", ""):
            findings.error(
                track.stanza, "bigDataUrl", "missing-data", "has no bigDataUrl", "add a line: bigDataUrl FILE"
            )
        return None
    address = places.address(track.base, owner.get("bigDataUrl"))
    try:
        data = places.fetch(address)
    except (MissingFileError, UnknownFileError):
        return None  # the table of files has said so
    wanted = _wanted_kind(track.kind)
    if wanted and not _is_kind(data.path, wanted):
        problem = f"{owner.get('bigDataUrl')} is no {_KIND_NAMES[wanted].partition(' ')[2]} but {_describe(data.path)}"
        fix = "correct the type or the file"
        findings.error(track.stanza, "bigDataUrl", "data", problem, fix)
        return None
    _check_index(track, wanted, address, data, places, findings)
    return data


def _wanted_kind(kind: str) -> str:
    if kind in BIG_BEDS:
        return "bigBed"
    return {
        "bigWig": "bigWig",
        "bam": "bam",
        "cram": "cram",
        "hic": "hic",
        "vcfTabix": "vcf",
        "vcfPhasedTrio": "vcf",
        "longTabix": "bgzip",
    }.get(kind, "")


def _check_index(track: Track, wanted: str, address: str, data: Fetched, places: HubFiles, findings: Findings) -> None:
    """Look for the index that a browser needs to read parts of BAM, CRAM and VCF."""
    if wanted not in _INDEXES or track.find("bigDataIndex"):
        return
    if wanted == "bam" and _is_kind(data.path, "cram"):
        wanted = "cram"
    value = track.find("bigDataUrl")
    for candidate in _index_addresses(address, wanted):
        try:
            places.fetch(candidate)
        except MissingFileError:
            continue
        except UnknownFileError:
            return  # perhaps it is there
        return
    suffix = _INDEXES[wanted][0]
    make = {"bam": "samtools index", "cram": "samtools index"}.get(wanted, "tabix -p vcf")
    problem = f"{value} has no index {value}{suffix}"
    findings.error(track.stanza, "bigDataUrl", "missing-index", problem, f"make one: {make} {value}")


def _index_addresses(address: str, wanted: str) -> Iterator[str]:
    path, question, query = address.partition("?") if is_url(address) else (address, "", "")
    for suffix in _INDEXES[wanted]:
        yield path + suffix + question + query
    stem, dot, _ = path.rpartition(".")
    if dot:
        yield stem + _INDEXES[wanted][0] + question + query


def read_start(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked where it is gzip or bgzip."""
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if not start.startswith(b"\x1f\x8b"):
        return start
    try:
        return zlib.decompressobj(wbits=31).decompress(start, 1 << 12)
    except zlib.error:
        return b""


def is_big_endian(path: Path) -> bool:
    """Return whether a file is a bigWig or bigBed as machines of another kind write it."""
    with path.open("rb") as file:
        start = file.read(4)
    return start in (magic.to_bytes(4, "big") for magic in _MAGICS.values())


def _is_bgzip(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(16)
    return start.startswith(b"\x1f\x8b\x08\x04") and start[12:14] == b"BC"


def _is_kind(path: Path, kind: str) -> bool:
    start = read_start(path)
    if kind in ("bigBed", "bigWig"):
        magic = _MAGICS[kind]
        return start[:4] in (magic.to_bytes(4, "little"), magic.to_bytes(4, "big"))
    if kind == "bgzip":
        return _is_bgzip(path)
    if kind == "vcf":
        return _is_bgzip(path) and start.startswith(b"##fileformat=VCF")
    magics = {"cram": (b"CRAM",), "hic": (b"HIC\0",), "bam": (b"BAM\1", b"CRAM")}[kind]
    return start.startswith(magics)


def _describe(path: Path) -> str:
    """Say what a file is, for people."""
    if not path.stat().st_size:
        return "empty"
    for kind, name in _KIND_NAMES.items():
        if _is_kind(path, kind):
            return name
    start = read_start(path)
    if start.lstrip()[:1] == b"<":
        return "a web page"
    return "text" if start and is_text(start) else "something else"


def is_text(data: bytes) -> bool:
    """Return whether some bytes are text, UTF-8 or of another encoding with ASCII letters."""
    sample = data[:_SAMPLE_BYTES]
    if any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in sample):
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        is_cut = error.start > len(sample) - 4 and len(sample) == _SAMPLE_BYTES
        return is_cut or sum(byte > 127 for byte in sample) < 0.3 * len(sample)
    return True
