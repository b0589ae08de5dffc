"""Measured sets and reads of *E. coli*, from a folder of published files to folders of tracks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from tracktools.bundle import load_bundle
from tracktools.config import ReadsConfig
from tracktools.errors import InputError
from tracktools.genome import Genome
from tracktools.reads import BedGraphSignal, make_read_tracks
from tracktools.tss.folders import curate_folder, import_folder, lift_folder
from tracktools.tss.importing import ImportRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredSet:
    """A published TSS set: its name here, its files in a data folder, and whether they speak of the older assembly."""

    name: str
    files: tuple[str, ...]
    older_assembly: bool = False


MEASURED_SETS = (
    MeasuredSet("cappable", ("tss_sources/cappable_seq_Ettwiller2016/TSS_enriched_cluster_5.gtf.gz",), True),
    MeasuredSet("sendseq", ("tss_sources/send_seq_Ju2019/41564_2019_500_MOESM3_ESM.tsv",)),
    MeasuredSet(
        "smrt",
        (
            "tss_sources/smrt_cappable_Yan2018/M9_RegulonDB_TU_longestRead",
            "tss_sources/smrt_cappable_Yan2018/Rich_RegulonDB_TU_longestRead",
        ),
    ),
    MeasuredSet("regulondb", ("tss_sources/regulondb_2024/PromoterSet.tsv",)),
)
TERMSEQ = {
    "plus": ("reads/termseq_Ecoli/forward_1.bedgraph.gz", "reads/termseq_Ecoli/forward_2.bedgraph.gz"),
    "minus": ("reads/termseq_Ecoli/reverse_1.bedgraph.gz", "reads/termseq_Ecoli/reverse_2.bedgraph.gz"),
}


def measured_folders(data: Path, output: Path, genome: Genome) -> list[Path]:
    """Turn the published files that a data folder holds into folders of tracks.

    Parameters
    ----------
    data : Path
        Folder with any of the files of `MEASURED_SETS` and `TERMSEQ`, at those paths.
    output : Path
        Folder for the folders: ``<set>`` for each, ``curated`` where there are two sets or more, ``termseq``. A folder
        that is already there is taken as it is.
    genome : Genome
        NC_000913.3.

    Raises
    ------
    InputError
        If the data folder is missing or holds none of the files.
    """
    if not data.is_dir():
        raise InputError("no such folder", path=data)
    output.mkdir(parents=True, exist_ok=True)
    folders = []
    sets = {}
    for measured in MEASURED_SETS:
        files = [data / file for file in measured.files]
        if all(file.is_file() for file in files):
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
    folders += _termseq(data, output / "termseq", genome)
    if not folders:
        raise InputError(
            "holds none of the files that are looked for", path=data, mend=f"such as {MEASURED_SETS[0].files[0]}"
        )
    return folders


def _import(measured: MeasuredSet, files: list[Path], folder: Path, genome: Genome) -> None:
    log.info("importing %s", measured.name)
    request = ImportRequest(measured.name)
    if not measured.older_assembly:
        import_folder(files, request, folder, genome=genome)
        return
    before = folder.with_name(f"{folder.name}_before_lift")
    import_folder(files, request, before, force=True)
    lift_folder(before / f"{measured.name}.bed", load_bundle().chain_path, folder, genome=genome)


def _termseq(data: Path, folder: Path, genome: Genome) -> list[Path]:
    plus, minus = (tuple(data / file for file in TERMSEQ[strand]) for strand in ("plus", "minus"))
    if not all(file.is_file() for file in (*plus, *minus)):
        return []
    if not folder.exists():
        log.info("reading Term-seq")
        signal = BedGraphSignal(plus, minus, chrom_sizes=genome.chrom_sizes, config=ReadsConfig(), renames={})
        make_read_tracks(signal, folder, name="termseq", genome=genome, genes=load_bundle().load_genes())
    return [folder]
