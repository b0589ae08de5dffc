"""``tracktools report``: one page, and a file for MultiQC, from folders that commands wrote."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracktools.errors import ConfigError, InputError, OutputError
from tracktools.hub.render import Templates
from tracktools.report import around, measured, mutated, predicted
from tracktools.report.folders import Folder, find_folders
from tracktools.report.page import Section
from tracktools.run import output_file
from tracktools.versions import tracktools_version

log = logging.getLogger(__name__)

MOST_PAGE_BYTES = 10_000_000

_Maker = Callable[[list[Folder]], list[Section]]


def _each(make: Callable[[Folder], Section]) -> _Maker:
    """Return what makes a section of each folder."""

    def made(folders: list[Folder]) -> list[Section]:
        sections = []
        for folder in folders:
            try:
                sections.append(make(folder))
            except ValueError as error:  # a table that somebody edited
                hint = "write the folder again, or leave it out"
                raise InputError(f"contains a value that is no number: {error}", path=folder.path, hint=hint) from None
        if len(sections) > 1:
            for section, folder in zip(sections, folders, strict=True):
                section.title = f"{section.title}: {folder.path.name}"
        return sections

    return made


def _one(make: Callable[[list[Folder]], Section]) -> _Maker:
    """Return what makes one section of all folders."""
    return lambda folders: [make(folders)] if folders else []


_ORDER: tuple[tuple[tuple[str, ...], _Maker], ...] = (  # kinds of folders, in the order of the page
    (("predict",), _each(predicted.predict_section)),
    (("call",), _each(predicted.call_section)),
    (("confirm",), _each(predicted.confirm_section)),
    (("evaluate",), _each(predicted.evaluate_section)),
    (("import", "lift"), _one(measured.sets_section)),
    (("curate",), _each(measured.curate_section)),
    (("compare",), _each(measured.compare_section)),
    (("classify",), _each(measured.classify_section)),
    (("table",), _each(measured.table_section)),
    (("promoters",), _each(around.promoters_section)),
    (("profile",), _each(around.profile_section)),
    (("mutated",), _each(mutated.sites_section)),
    (("variants",), _each(mutated.variants_section)),
    (("motifs",), _each(around.motifs_section)),
    (("attention",), _each(around.attention_section)),
    (("ranking",), _each(around.ranking_section)),
    (("annotation", "ranking"), _each(around.annotation_section)),
    (("reads",), _one(around.reads_section)),
    (("hub",), _one(around.hub_section)),
)


@dataclass(frozen=True)
class Report:
    """What was made.

    Parameters
    ----------
    page, multiqc : Path
        The page, and the file that MultiQC picks up.
    sections : list of str
        Headings.
    unknown : list of Path
        Folders of which nothing is in the page.
    """

    page: Path
    multiqc: Path
    sections: list[str]
    unknown: list[Path]


def make_report(
    folders: Sequence[Path | str],
    output: Path | str,
    *,
    title: str | None = None,
    templates: Path | None = None,
    force: bool = False,
) -> Report:
    """Write one self-contained page of what folders hold.

    Parameters
    ----------
    folders : sequence of Path or str
        Folders that commands wrote, or folders of such folders. What is none is named in the page.
    output : Path or str
        The page, ``*.html``; next to it, ``<stem>_mqc.json`` contains its figures as MultiQC's custom content.
    title : str, optional
        Heading of the page; by default it names the genome.
    templates : Path, optional
        Folder whose ``report.html`` or ``style.css`` replaces the packaged one.
    force : bool
        Replace the two files.

    Raises
    ------
    ConfigError
        If no folder is given, or the page is not named ``*.html``.
    InputError
        If a path is no folder, none was written by a command, or a file in one is damaged.
    OutputError
        If a file is in the way, or the page would be larger than 10 MB.
    """
    output, paths = Path(output), [Path(folder) for folder in folders]
    if not paths:
        raise ConfigError("name a folder that a tracktools command wrote")
    if output.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"the page is {output.name!r}: name it *.html")
    found, unknown = find_folders(paths)
    if not found:
        raise InputError(
            "no tracktools command wrote this", path=unknown[0], hint="name the output of predict or another command"
        )
    sections = _sections(found)
    heading = title or f"Transcription start sites of {_genome_name(found)}"
    text = _text(found, unknown, sections, heading, templates)
    if len(text.encode()) > MOST_PAGE_BYTES:
        raise OutputError(
            f"the page would be larger than {MOST_PAGE_BYTES:,} bytes", path=output, hint="name fewer folders"
        )
    multiqc = output.with_name(f"{output.stem}_mqc.json")
    for path, content in ((multiqc, _multiqc(heading, _genome_name(found), sections)), (output, text)):
        if path == multiqc and _holds(path, content):
            continue  # an earlier run was killed before it wrote the page
        with output_file(path, force=force, inputs=paths) as partial:
            partial.write_text(content, encoding="utf-8")
    return Report(output, multiqc, [section.title for section in sections], unknown)


def _holds(path: Path, content: str) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content.encode()


def report_text(folders: Sequence[Path]) -> str:
    """Return the page of folders, as `make_report` writes it, for a hub: it tells no times and no folders above."""
    found, unknown = find_folders(folders)
    found = [
        replace(folder, name=folder.path.name, provenance={**folder.provenance, "finished": ""}) for folder in found
    ]
    heading = f"Transcription start sites of {_genome_name(found)}"
    return _text(found, [Path(path.name) for path in unknown], _sections(found), heading, None)


def _text(
    found: list[Folder], unknown: list[Path], sections: list[Section], heading: str, templates: Path | None
) -> str:
    return Templates(templates).render(
        "report.html",
        title=heading,
        version=tracktools_version(),
        warnings=_warnings(found),
        unknown=[str(path) for path in unknown],
        runs=[_run(folder) for folder in found if folder.provenance],
        genomes=_genomes(found),
        model=next((name for folder in found if folder.kind == "predict" and (name := folder.of("model", "name"))), ""),
        sections=sections,
    )


def _sections(found: list[Folder]) -> list[Section]:
    return [section for kinds, make in _ORDER for section in make([folder for folder in found if folder.kind in kinds])]


def _genomes(found: list[Folder]) -> list[tuple[str, str, str]]:
    """Return name, length and SHA-256 of each genome, each once; the length from the folder that says it."""
    genomes: dict[str, tuple[str, str, str]] = {}
    for folder in found:
        name, digest, bases = (folder.of("genome", key) for key in ("name", "sha256", "bases"))
        if digest and (digest not in genomes or not genomes[digest][1]):
            genomes[digest] = (name, f"{int(bases):,}" if bases.isdigit() and len(bases) < 20 else "", digest)
    return list(genomes.values())


def _genome_name(found: list[Folder]) -> str:
    order = sorted(found, key=lambda folder: folder.kind != "predict")
    return next((name for folder in order if (name := folder.of("genome", "name"))), "a genome")


def _warnings(found: list[Folder]) -> list[str]:
    """Return what the provenances warn of, each sentence once, and whether the folders are of several genomes."""
    said = list(dict.fromkeys(sentence for folder in found for sentence in folder.warnings()))
    genomes = _genomes(found)
    if len(genomes) > 1:
        names = ", ".join(f"{name} ({digest[:12]})" for name, _, digest in genomes)
        said.insert(0, f"these folders are of {len(genomes)} genomes, {names}: do not compare their positions")
    return [sentence.rstrip(".") for sentence in said if sentence.strip()]


def _run(folder: Folder) -> dict[str, str]:
    versions = folder.provenance.get("versions") or {}
    return {
        "folder": folder.name,
        "command": re.sub(r"^(\S*__main__\.py)(?=\s)", "tracktools", str(folder.provenance.get("command") or "")),
        "version": str(versions.get("tracktools") or ""),
        "others": ", ".join(f"{name} {number}" for name, number in versions.items() if name != "tracktools"),
        "finished": str(folder.provenance.get("finished") or ""),
        "model": folder.of("model", "name"),
        "model_sha256": folder.of("model", "sha256"),
    }


def _multiqc(title: str, sample: str, sections: list[Section]) -> str:
    """Return the figures as custom content of MultiQC: a table, a row per genome."""
    numbers: dict[str, float] = {}
    for section in sections:
        for name, value in section.numbers.items():
            key = re.sub(r"[^A-Za-z0-9_]+", "_", name)
            while key in numbers:
                key += "_more"
            numbers[key] = value
    content = {
        "id": "tracktools_report",
        "section_name": "tracktools",
        "description": html.escape(title),
        "plot_type": "table",
        "pconfig": {"id": "tracktools_report_table", "title": "tracktools: transcription start sites"},
        "headers": {
            key: {"title": key.replace("_", " "), "format": "{:,.3f}" if isinstance(value, float) else "{:,.0f}"}
            for key, value in numbers.items()
        },
        "data": {sample: numbers},
    }
    return json.dumps(content, indent=1) + "\n"
