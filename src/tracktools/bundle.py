"""The embedded *E. coli* K-12 MG1655 bundle: the genome, its genes, and the way to it from the older assembly.

Sources and terms are in ``data/ecoli/README.md``; ``tools/make_bundle.py`` makes the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd

from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.formats.bed import read_bed
from tracktools.genome import Genome, load_genome
from tracktools.regions import genes_from_bed

CHROM = "NC_000913.3"
GENOME_FILE = f"{CHROM}.2bit"
GENES_FILE = "genes.bed"
PSEUDOGENES_FILE = "pseudogenes.bed"


@concise
@dataclass(frozen=True)
class Bundle:
    """Files of the embedded genome.

    Parameters
    ----------
    genome_path : Path
        2bit, one sequence, ``NC_000913.3`` (4,641,652 bp).
    genes_path, pseudogenes_path : Path
        BED of the schema ``GENES``, from the GenBank annotation of U00096.3.
    chain_path : Path
        UCSC chain file from NC_000913.2 to NC_000913.3.
    circular : frozenset of str
        Names of the circular sequences.
    """

    genome_path: Path
    genes_path: Path
    pseudogenes_path: Path
    chain_path: Path
    circular: frozenset[str] = frozenset({CHROM})

    def load_genome(self) -> Genome:
        """Return the genome, circular."""
        return load_genome(self.genome_path, circular=self.circular, name=CHROM)

    def load_genes(self) -> pd.DataFrame:
        """Return genes and pseudogenes in one table, see `tracktools.regions`."""
        bed = pd.concat([read_bed(path)[0] for path in (self.genes_path, self.pseudogenes_path)], ignore_index=True)
        return genes_from_bed(bed, self.load_genome().chrom_sizes, self.circular)


def load_bundle() -> Bundle:
    """Return the embedded *E. coli* bundle.

    Raises
    ------
    InputError
        If a file of the installation is missing.

    Examples
    --------
    >>> bundle = load_bundle()
    >>> bundle.load_genome().chrom_sizes
    {'NC_000913.3': 4641652}
    """
    data = Path(str(files("tracktools"))) / "data"
    bundle = Bundle(
        genome_path=data / "ecoli" / GENOME_FILE,
        genes_path=data / "ecoli" / GENES_FILE,
        pseudogenes_path=data / "ecoli" / PSEUDOGENES_FILE,
        chain_path=data / "NC_000913.2_to_3.chain",
    )
    for path in (bundle.genome_path, bundle.genes_path, bundle.pseudogenes_path, bundle.chain_path):
        if not path.is_file():
            raise InputError("is missing from the installation", path=path, hint="install tracktools again")
    return bundle
