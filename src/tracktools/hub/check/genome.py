"""Checks of the genome of a hub: its files, its default position, its groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.bbi_read import read_header
from tracktools.formats.bigbed import read_bigbed
from tracktools.hub.check.faults import Findings
from tracktools.hub.check.hubtxt import Block, read_blocks
from tracktools.interval import Interval

_WEB = ("http://", "https://")
_BIGBED_MAGIC = 0x8789F2EB


def check_genome(root: Path, genome: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    """Check the genome block of a hub.

    Parameters
    ----------
    root : Path
        Folder of the hub.
    genome : Block
        The block.
    sizes : mapping of str to int
        Length of each sequence [bp]; empty where there is no readable 2bit.
    findings : Findings
        Where faults go.
    """
    if "twoBitPath" not in genome:
        return  # attached to a genome that the browser knows: the rest is the browser's
    for key in ("organism", "defaultPos"):
        if not genome.get(key):
            problem = f"the genome has no {key}, and UCSC stops there"
            findings.add(genome, key, f"missing-{key}", problem, f"add a line: {key} …")
    for key in ("chromSizes", "chromAlias", "chromAliasBb", "htmlPath", "groups"):
        path = genome.get(key)
        if path and not path.startswith(_WEB) and not (root / path).is_file():
            problem = f"{key} {path} does not exist"
            findings.add(genome, key, f"missing-{key}", problem, "write the file or mend its path")
    if not genome.get("htmlPath"):
        findings.add(genome, "htmlPath", "missing-htmlPath", "the genome has no htmlPath", "describe it on a page")
    if genome.get("chromAlias") and not genome.get("chromAliasBb"):
        problem = "chromAlias is looked for in the wrong place by igv.js, which then shows an error over the page"
        findings.add(genome, "chromAlias", "plain-alias", problem, "use chromAliasBb")
    if sizes:
        _check_position(genome, sizes, findings)
        _check_sizes_file(root, genome, sizes, findings)
        _check_alias_file(root, genome, sizes, findings)


def _check_position(genome: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    text = genome.get("defaultPos")
    if not text:
        return
    try:
        place = Interval.from_ucsc(text)
    except ValueError:
        findings.add(genome, "defaultPos", "default-position", f"defaultPos {text} is no position", "write chrom:1-999")
        return
    if place.chrom not in sizes:
        problem = f"defaultPos {text} is on a sequence that the genome does not have"
        findings.add(genome, "defaultPos", "default-position", problem, f"it has {next(iter(sizes))}")
    elif place.end > sizes[place.chrom]:
        problem = f"defaultPos {text} ends past the sequence"
        findings.add(genome, "defaultPos", "default-position", problem, f"it has {sizes[place.chrom]} bp")


def _check_sizes_file(root: Path, genome: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    name = genome.get("chromSizes")
    path = root / name
    if not name or name.startswith(_WEB) or not path.is_file():
        return
    try:
        rows = [line.split("\t") for line in path.read_text().splitlines() if line.strip()]
        written = {chrom: int(length) for chrom, length, *_ in rows}
    except ValueError:
        findings.add_file(name, "chrom-sizes", "is not two columns, name and length", "write it again")
        return
    if written != dict(sizes):
        odd = next((chrom for chrom in (*written, *sizes) if written.get(chrom) != sizes.get(chrom)), "")
        problem = f"says {odd} has {written.get(odd, 0)} bp, the 2bit has {sizes.get(odd, 0)}"
        findings.add_file(name, "chrom-sizes", problem, "write it from the 2bit")


def _check_alias_file(root: Path, genome: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    name = genome.get("chromAliasBb")
    path = root / name
    if not name or name.startswith(_WEB) or not path.is_file():
        return
    try:
        header = read_header(path, _BIGBED_MAGIC)
        table, _ = read_bigbed(path)
    except InputError as error:
        findings.add(genome, "chromAliasBb", "alias", f"{name} {error.problem}", "make it again")
        return
    foreign = [str(chrom) for chrom in table["chrom"].unique() if chrom not in sizes]
    if foreign:
        problem = f"{name} names {foreign[0]}, which the genome does not have"
        findings.add(genome, "chromAliasBb", "alias", problem, f"it has {next(iter(sizes))}")
    if not header.extension_offset:
        findings.add(
            genome, "chromAliasBb", "alias", f"{name} has no name index", "make it with an index of each column"
        )


def check_groups(root: Path, genome: Block, findings: Findings) -> set[str] | None:
    """Return the names of the track groups; None where the hub has no file of them."""
    name = genome.get("groups")
    if not name or not (root / name).is_file():
        return None
    names: set[str] = set()
    for block in read_blocks(root, name):
        for key in ("name", "label", "priority"):
            if not block.get(key):
                findings.add(block, key, "group", f"a group has no {key}", f"add a line: {key} …")
        if block.get("name") in names:
            findings.add(block, "name", "group", f"group {block.get('name')} is given twice", "keep one of them")
        names.add(block.get("name"))
    return names
