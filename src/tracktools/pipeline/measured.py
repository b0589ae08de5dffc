"""Measured sets and reads of *E. coli*, from a folder of published files to folders of tracks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracktools.bundle import load_bundle
from tracktools.config import ReadsConfig
from tracktools.errors import InputError
from tracktools.genome import Genome
from tracktools.reads import ValueSignal, make_read_tracks
from tracktools.tss.folders import curate_folder, import_folder, lift_folder
from tracktools.tss.importing import ImportRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedSet:
    """A published TSS set: its name here, its files in a data folder, and whether they are on the older assembly."""

    name: str
    files: tuple[str, ...]
    older_assembly: bool = False


MEASURED_SETS = (
    PublishedSet("cappable", ("TSS_enriched_cluster_5.gtf",), True),
    PublishedSet("sendseq", ("41564_2019_500_MOESM3_ESM.tsv",)),
    PublishedSet(
        "smrt",
        (
            "M9_RegulonDB_TU_longestRead",
            "Rich_RegulonDB_TU_longestRead",
        ),
    ),
    PublishedSet("regulondb", ("PromoterSet.tsv",)),
)
TERMSEQ = {
    "plus": ("forward_1.bedgraph", "forward_2.bedgraph"),
    "minus": ("reverse_1.bedgraph", "reverse_2.bedgraph"),
}


def measured_folders(data: Path, output: Path, genome: Genome) -> list[Path]:
    """Turn the published files that a data folder contains into folders of tracks.

    Parameters
    ----------
    data : Path
        Folder with any of the files of `MEASURED_SETS` and `TERMSEQ`, see `find_measured`.
    output : Path
        Folder for the folders: ``<set>`` for each, ``curated`` where there are two sets or more, ``termseq``. A folder
        that is already there is taken as it is.
    genome : Genome
        NC_000913.3.

    Raises
    ------
    InputError
        If the data folder is missing or contains none of the files.
    """
    found = find_measured(data)
    output.mkdir(parents=True, exist_ok=True)
    folders = []
    sets = {}
    for measured in MEASURED_SETS:
        if all(file in found for file in measured.files):
            files = [found[file] for file in measured.files]
            folder = output / measured.name
            if not folder.exists():
                _import(measured, files, folder, genome)
            sets[measured.name] = folder / f"{measured.name}.bed"
            folders.append(folder)
    if len(sets) > 1:
        if not (output / "curated").exists():
            log.info("curating %s", ", ".join(sets))
            curate_folder(sets, output / "curated")
        folders.append(output / "curated")
    folders += _termseq(found, output / "termseq", genome)
    return folders


def find_measured(data: Path) -> dict[str, Path]:
    """Return where the files of `MEASURED_SETS` and `TERMSEQ` are, by name; gzip or not, in any folder below `data`.

    Raises
    ------
    InputError
        If the folder is missing, or contains no whole set of them.
    """
    if not data.is_dir():
        raise InputError("no such folder", path=data, hint="tracktools fetch NAME -o FOLDER fills one")
    sets = [measured.files for measured in MEASURED_SETS] + [(*TERMSEQ["plus"], *TERMSEQ["minus"])]
    wanted = {file for files in sets for file in files}
    found: dict[str, Path] = {}
    for path in sorted(data.rglob("*")):
        name = path.name.removesuffix(".gz")
        if name in wanted and path.is_file():
            found.setdefault(name, path)
    if not any(all(file in found for file in files) for files in sets):
        hint = f"such as {MEASURED_SETS[0].files[0]}: tracktools fetch cappable -o {data}"
        raise InputError("contains none of the files that are looked for", path=data, hint=hint)
    return found


def _import(measured: PublishedSet, files: list[Path], folder: Path, genome: Genome) -> None:
    log.info("importing %s", measured.name)
    request = ImportRequest(measured.name)
    if not measured.older_assembly:
        import_folder(files, request, folder, genome=genome)
        return
    before = folder.with_name(f"{folder.name}_before_lift")
    import_folder(files, request, before, force=True)
    lift_folder(before / f"{measured.name}.bed", load_bundle().chain_path, folder, genome=genome)


def _termseq(found: Mapping[str, Path], folder: Path, genome: Genome) -> list[Path]:
    if not all(file in found for files in TERMSEQ.values() for file in files):
        return []
    plus, minus = (tuple(found[file] for file in TERMSEQ[strand]) for strand in ("plus", "minus"))
    if not folder.exists():
        log.info("reading Term-seq")
        signal = ValueSignal(plus, minus, chrom_sizes=genome.chrom_sizes, config=ReadsConfig(), renames={})
        make_read_tracks(signal, folder, name="Term-seq", genome=genome, genes=load_bundle().load_genes())
    return [folder]
