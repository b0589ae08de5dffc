"""The folders that the tss commands write: BED, ``tracks.tsv``, ``provenance.json`` and lists of rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from tracktools.config import TssConfig
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bed import CURATED_TSS, TSS_SOURCE, notes_of, write_bed
from tracktools.formats.input_file import real_path
from tracktools.genome import Genome
from tracktools.run import output_folder
from tracktools.tracks import TRACKS_FILE, Track, as_track_name, is_color, read_tracks, write_provenance, write_tracks
from tracktools.tss.assemblies import load_chain
from tracktools.tss.check import CheckReport, check_positions
from tracktools.tss.curate import CuratedSet, curate_tss
from tracktools.tss.importing import ImportedSet, ImportRequest, import_tss
from tracktools.tss.lift import LiftedSet, lift_tss
from tracktools.tss.published_sets import CREDITS, Credit, credit_of
from tracktools.tss.table import read_tss_set

log = logging.getLogger(__name__)

GROUP = "tss"


@dataclass(frozen=True)
class ImportResult:
    """An imported set, and what the genome says of it; no report without a genome."""

    imported: ImportedSet
    report: CheckReport | None


def import_folder(
    paths: Sequence[Path],
    request: ImportRequest,
    output: Path,
    *,
    genome: Genome | None = None,
    by_condition: bool = False,
    color: str | None = None,
    force: bool = False,
) -> ImportResult:
    """Import a set and write ``<name>.bed``, ``refused.tsv``, ``check.tsv`` and the track rows into a new folder.

    Parameters
    ----------
    paths, request, genome
        See `import_tss`.
    output : Path
        Folder to write.
    by_condition : bool
        Write ``<name>.<condition>.bed`` for each condition too.
    color : str, optional
        ``R,G,B`` of the track; by default that of the source.
    force : bool
        Replace a folder that contains files.
    """
    started = time.time()
    if color is not None and not is_color(color):
        raise ConfigError(f"color is {color!r} (write R,G,B, each 0 to 255)")
    with output_folder(output, force=force, inputs=paths) as folder:
        imported = import_tss(paths, request, genome)
        genome = imported.genome
        report = None if genome is None else check_positions(imported.table, genome)
        tables = {request.name: imported.table}
        if by_condition:
            tables |= _by_condition(imported.table, request.name)
        credit = credit_of(imported.formats[0] if len(set(imported.formats)) == 1 else "", request.name)
        tracks = []
        for name, table in tables.items():
            write_bed(folder / f"{name}.bed", table, TSS_SOURCE)
            tracks.append(_source_track(folder, name, len(table), credit, color))
        write_tsv(
            folder / "refused.tsv",
            pd.DataFrame(map(asdict, imported.refused), columns=["path", "line", "reason", "text"]),
        )
        if report is not None:
            write_tsv(folder / "check.tsv", report.to_table())
        write_tracks(folder, tracks)
        parameters = {key: value for key, value in vars(request).items() if value not in (None, {})}
        parameters |= {"formats": imported.formats, "sheets": imported.sheets, "scores": dict(imported.scores)}
        parameters |= {"counts": imported.counts, "warnings": imported.notes}
        write_provenance(folder, started=started, genome=_identity(genome), parameters=parameters)
    return ImportResult(imported, report)


def lift_folder(
    path: Path,
    chain_name: str | Path,
    output: Path,
    *,
    source: str | None = None,
    renames: Mapping[str, str] | None = None,
    genome: Genome | None = None,
    force: bool = False,
) -> tuple[LiftedSet, CheckReport | None]:
    """Lift a set and write it under its own name, with ``unlifted.tsv``, into a new folder; see `lift_tss`."""
    started = time.time()
    path = Path(path)
    table, schema = read_tss_set(path)
    table["chrom"] = renamed_chroms(table["chrom"], renames)
    lifted = lift_tss(table, load_chain(chain_name), source=source)
    if not len(lifted.table):
        raise InputError(f"no position could be lifted by {chain_name}", path=path, hint="is it the right chain?")
    report = None if genome is None else check_positions(lifted.table, genome)
    with output_folder(output, force=force, inputs=[path]) as folder:
        file = folder / f"{stem_of(path)}.bed"
        write_bed(file, lifted.table, schema)
        write_tsv(folder / "unlifted.tsv", lifted.left_out)
        write_tracks(folder, [derived_track(path, file, f"Lifted by {Path(chain_name).name}.")])
        parameters: dict[str, Any] = {
            "set": str(path),
            "chain": str(chain_name),
            "from": source,
            "renames": renames or {},
        }
        parameters |= {"counts": lifted.counts, "warnings": notes_of(table)}
        write_provenance(folder, started=started, genome=_identity(genome), parameters=parameters)
    for note in notes_of(table):
        log.warning("warning: %s", note)
    return lifted, report


def curate_folder(
    sources: Mapping[str, Path],
    output: Path,
    *,
    window_bp: int = TssConfig.window_bp,
    min_support: int = TssConfig.min_support,
    name: str = "curated",
    renames: Mapping[str, str] | None = None,
    force: bool = False,
) -> CuratedSet:
    """Curate sets and write ``<name>.bed``, ``sources.tsv``, ``support.tsv`` and the track row into a new folder."""
    started = time.time()
    with output_folder(output, force=force, inputs=sources.values()) as folder:
        curated = curate_tss(sources, window_bp=window_bp, min_support=min_support, name=name, renames=renames)
        file = folder / f"{name}.bed"
        write_bed(file, curated.table, CURATED_TSS)
        write_tsv(folder / "sources.tsv", curated.sources)
        write_tsv(folder / "support.tsv", curated.support)
        track = Track(
            name=name,
            path=file,
            format="bed",
            group=GROUP,
            short_label="Curated TSS",
            long_label=f"TSS on which {min_support} or more of {len(sources)} sets agree within {window_bp} nt"[:76],
            color="8,48,107",
            visibility="pack",
            method="Greedy consensus by number of sources; darker: more sources.",
            source="; ".join(CREDITS[source].reference if source in CREDITS else source for source in sorted(sources)),
            licence="; ".join(
                f"{CREDITS[source].label}: {CREDITS[source].licence}" for source in sorted(sources) if source in CREDITS
            ),
        )
        write_tracks(folder, [track])
        parameters = {
            "window_bp": window_bp,
            "min_support": min_support,
            "sources": {k: str(v) for k, v in sources.items()},
            "renames": renames or {},
            "counts": curated.counts,
            "warnings": curated.notes,
        }
        write_provenance(folder, started=started, parameters=parameters)
    for note in curated.notes:
        log.warning("warning: %s", note)
    return curated


def renamed_chroms(chroms: pd.Series, renames: Mapping[str, str] | None) -> pd.Series:
    """Return the names of sequences as the user says them."""
    return chroms.map({name: (renames or {}).get(name, name) for name in map(str, chroms.unique())})


def _by_condition(table: pd.DataFrame, name: str) -> dict[str, pd.DataFrame]:
    held = table["condition"].str.split(",")
    conditions = sorted({condition for values in held for condition in values if condition})
    return {f"{name}.{condition}": table[[condition in values for values in held]] for condition in conditions}


def _source_track(folder: Path, name: str, count: int, credit: Credit, color: str | None) -> Track:
    condition = name.split(".", 1)[1] if "." in name else ""
    label = f"{credit.label} {condition}".strip()
    return Track(
        name=f"tss_{name.replace('.', '_')}",
        path=folder / f"{name}.bed",
        format="bed",
        group=GROUP,
        short_label=label[:17],
        long_label=f"TSS by {label} ({count:,} positions)"[:76],
        color=color or credit.color,
        visibility="dense",
        method="Imported: one item per base; score is the rank of the source's own score.",
        source=credit.reference,
        licence=credit.licence,
    )


def derived_track(path: Path, file: Path, step: str) -> Track:
    """Return the row in ``tracks.tsv`` of a set made from another one, like the row of that one if there is any."""
    tracks = read_tracks(path.parent / TRACKS_FILE) if (path.parent / TRACKS_FILE).is_file() else []
    own = next((track for track in tracks if track.path == real_path(path)), None)
    if own is None:
        own = Track(as_track_name(f"tss_{file.stem}"), file, "bed", group=GROUP, short_label=file.stem[:17])
    return replace(own, path=file, method=f"{own.method} {step}".strip(), sha256="")


def stem_of(path: Path) -> str:
    """Return the name of a set, from its file's."""
    return path.name.removesuffix(".gz").removesuffix(".bed")


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as tab-separated text, numbers with six digits."""
    table.to_csv(path, sep="\t", index=False, lineterminator="\n", float_format="%.6g")


def _identity(genome: Genome | None) -> dict[str, Any]:
    return {} if genome is None else {"name": genome.name, "sha256": genome.sha256}
