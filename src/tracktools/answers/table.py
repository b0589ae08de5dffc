"""``tracktools tss table``: one row per TSS, with genes, support, reads and sequence, for a spreadsheet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tracktools.answers.export import export_features, features_of
from tracktools.answers.genes import genes_at, operons_of
from tracktools.answers.promoter_folder import ELEMENT_DESCRIPTIONS, promoter_columns
from tracktools.answers.promoters import PromoterModel, shipped_model
from tracktools.answers.reads import describe_reads, read_columns
from tracktools.answers.sequence import sequences
from tracktools.answers.sets import join_tss, read_sets
from tracktools.answers.write import answer_folder, write_tables
from tracktools.concise import concise
from tracktools.config import TssConfig
from tracktools.errors import ConfigError
from tracktools.formats.bed import notes_of
from tracktools.genome import Genome, as_genome
from tracktools.profile.matrix import SignalSource
from tracktools.profile.operons import Operon, read_operons
from tracktools.regions import NO_GENE, PlacedAnnotation, next_genes, place_annotation
from tracktools.tss.classify import classify_tss

UPSTREAM_BP, DOWNSTREAM_BP = 50, 10  # of the sequence column
_WITH_UTR = ("primary", "secondary")  # classes
LEADERLESS_BP = 5  # a shorter 5' UTR leaves no room for a ribosome binding site (Cortes et al. 2013)

DESCRIPTIONS = {
    "id": "TSS_<contig>_<1-based position>_<f or r>",
    "contig": "Name of the sequence in the genome",
    "position": "1-based position of the first transcribed base",
    "strand": "+ or -",
    "score": "Score in the first set that has the TSS: model output, score of the source, or support",
    "expected_precision": "Expected share of true TSS among calls of this score, from the first set that has the TSS",
    "class": "By the words of TSSpredator: primary, secondary, internal, antisense, orphan",
    "gene": "Next gene downstream on the strand, which the TSS can start",
    "locus_tag": "Its locus tag",
    "product": "What it makes",
    "operon": "Operons of the given file that this gene belongs to",
    "gene_distance": "Bases from the TSS to the first base of that gene; 0 on the first base",
    "utr_length": "Length of the 5' UTR: that distance, for primary and secondary TSS",
    "leaderless": f"yes: the 5' UTR has at most {LEADERLESS_BP} bases",
    "in_gene": "Gene on the strand of the TSS that the TSS lies in",
    "in_gene_antisense": "Gene on the other strand that the TSS lies in",
    "support": "Number of the given sets that have the TSS",
    "sets": "Their names",
    "sequence": f"{UPSTREAM_BP} bases upstream, the TSS, {DOWNSTREAM_BP} downstream, on the strand; N past an end",
}
_OF_EACH_SET = {
    "_score": "Score in the set {name}; empty: not in it",
    "_distance": "Position in the set {name} from the row's, along the strand, downstream positive; empty: not in it",
}


@concise
@dataclass(frozen=True)
class TableOptions:
    """What is put next to the TSS, and how names are read.

    Parameters
    ----------
    annotation : Path, optional
        GFF3, GTF or GenBank. Without it, gene columns are left out.
    reads : sequence of SignalSource
        Stranded signals to sum around each TSS.
    promoters : PromoterModel, optional
        Matrices of the promoter elements; by default those of *E. coli*.
    export : collection of {"gff3", "genbank"}
        Formats of `write_tss_table` besides; see `tracktools.answers.export.export_features`.
    merge_into : Path, optional
        GFF3 or GenBank file whose copy gets the features.
    operons : Path, optional
        BED, or RegulonDB's ``OperonSet.tsv``: the operon of each gene. Needs `annotation`.
    window_bp : int
        Greatest distance of two positions that are one TSS.
    circular, renames, only_genome
        See `tracktools.regions.place_annotation`.
    """

    annotation: Path | None = None
    reads: Sequence[SignalSource] = ()
    window_bp: int = TssConfig.window_bp
    circular: Collection[str] = ()
    renames: Mapping[str, str] | None = None
    only_genome: bool = False
    promoters: PromoterModel | None = None
    export: Collection[str] = ()
    merge_into: Path | None = None
    operons: Path | None = None


@concise
@dataclass(frozen=True)
class TssTable:
    """The table, and what was left out of it.

    Parameters
    ----------
    table : DataFrame
        A row per TSS, by position.
    descriptions : dict of str to str
        What each column holds.
    left_out : dict of str to dict of str to int
        By set: rows left out, by reason.
    genome : Genome
        The genome, circular where the annotation says so.
    notes : tuple of str
        Lines to say, such as what was left out of the annotation, or how many scores were.
    """

    table: pd.DataFrame
    descriptions: dict[str, str]
    left_out: dict[str, dict[str, int]]
    genome: Genome
    notes: tuple[str, ...] = ()


def make_tss_table(
    sets: Mapping[str, pd.DataFrame | Path | str],
    genome: Genome | Path | str,
    options: TableOptions | None = None,
) -> TssTable:
    """Put TSS sets into one table with genes, reads and sequence.

    Parameters
    ----------
    sets : mapping of str to DataFrame, Path or str
        BED of single bases, or such a table, by name of the set: measured, curated or called; see
        `tracktools.answers.sets.join_tss`.
    genome : Genome, Path or str
        The genome.
    options : TableOptions, optional
        What is put next to the TSS.

    Returns
    -------
    TssTable

    Raises
    ------
    InputError
        If a file is not what it should be; as `GenomeMismatchError`, if files are of different genomes.
    """
    options = options or TableOptions()
    if options.operons is not None and options.annotation is None:
        raise ConfigError("operons need the annotation, too: the column is the operon of the next gene")
    genome = as_genome(genome, options.circular)
    placed = _place(genome, options)
    if placed is not None:
        genome = genome.with_circular(placed.circles)
    sizes = genome.chrom_sizes
    read, left_out = read_sets(sets, sizes, renames=options.renames, only_genome=options.only_genome)
    rows = join_tss(read, options.window_bp, sizes)
    notes = notes_of(*read.values())
    columns = _positions(rows)
    if placed is not None:
        columns |= _gene_columns(rows, placed, _operons(genome, options))
        notes.append(placed.count_line)
    columns |= {"support": rows["support"], "sets": rows["sets"]}
    for name in read:
        columns |= {f"{name}{end}": rows[f"{name}{end}"] for end in _OF_EACH_SET}
    columns |= read_columns(options.reads, rows, genome, options.renames)
    columns["sequence"] = sequences(rows, genome, UPSTREAM_BP, DOWNSTREAM_BP)
    columns |= dict(promoter_columns(rows, genome, options.promoters or shipped_model()))
    described = (
        DESCRIPTIONS
        | ELEMENT_DESCRIPTIONS
        | {f"{name}{end}": text.format(name=name) for name in read for end, text in _OF_EACH_SET.items()}
    )
    described |= describe_reads(options.reads)
    return TssTable(pd.DataFrame(columns), {name: described[name] for name in columns}, left_out, genome, tuple(notes))


def _positions(rows: pd.DataFrame) -> dict[str, object]:
    end = rows["strand"].map({"+": "f", "-": "r"})
    one_based = rows["position"] + 1
    return {
        "id": "TSS_" + rows["chrom"] + "_" + one_based.astype(str) + "_" + end,
        "contig": rows["chrom"],
        "position": one_based,
        "strand": rows["strand"],
        "score": rows["score"],
        "expected_precision": rows["precision"],
    }


def _place(genome: Genome, options: TableOptions) -> PlacedAnnotation | None:
    if options.annotation is None:
        return None
    return place_annotation(
        options.annotation,
        genome.chrom_sizes,
        renames=options.renames,
        circular=[contig.name for contig in genome if contig.circular],
        only_genome=options.only_genome,
    )


def _operons(genome: Genome, options: TableOptions) -> list[Operon] | None:
    if options.operons is None:
        return None
    return read_operons(options.operons, genome.chrom_sizes, renames=options.renames, only_genome=options.only_genome)


def _gene_columns(rows: pd.DataFrame, placed: PlacedAnnotation, operons: list[Operon] | None) -> dict[str, object]:
    genes = placed.genes.reset_index(drop=True)
    bed = pd.DataFrame(
        {
            "chrom": rows["chrom"],
            "chromStart": rows["position"],
            "chromEnd": rows["position"] + 1,
            "name": "",
            "score": rows["score"],
            "strand": rows["strand"],
        }
    )
    if rows["chrom"].isin(genes["chrom"]).any():
        classes: object = classify_tss(bed, genes, circular_sizes=placed.circles).table["class"]
    else:  # such as a set on a plasmid without genes
        classes = "orphan"
    following, inside = next_genes(rows, genes, placed.circles), genes_at(rows, genes, placed.circles)
    there = (following["gene"] != NO_GENE).to_numpy()
    distance = following["distance"].astype("Int64").where(there)
    near = there & pd.Series(classes, index=rows.index).isin(_WITH_UTR).to_numpy()

    if operons is not None:
        genes = genes.assign(operon=operons_of(genes, operons, placed.circles))

    def of(column: str, index: pd.Series) -> pd.Series:
        values = np.append(genes[column].to_numpy(dtype=object), "")  # index -1: no gene
        return pd.Series(values[index.to_numpy()])

    return {
        "class": classes,
        "gene": of("name", following["gene"]),
        "locus_tag": of("locus_tag", following["gene"]),
        "product": of("product", following["gene"]),
        **({} if operons is None else {"operon": of("operon", following["gene"])}),
        "gene_distance": distance,
        "utr_length": distance.where(near),
        "leaderless": np.where(near & (following["distance"] <= LEADERLESS_BP), "yes", ""),
        "in_gene": of("name", inside["sense"]),
        "in_gene_antisense": of("name", inside["antisense"]),
    }


def write_tss_table(
    sets: Mapping[str, Path],
    genome: Path,
    output: Path,
    *,
    options: TableOptions | None = None,
    force: bool = False,
) -> TssTable:
    """Write the table of `make_tss_table` as ``tss.tsv``, ``tss.xlsx`` and ``tss.parquet`` into a new folder.

    Parameters
    ----------
    sets, genome, options
        See `make_tss_table`.
    output : Path
        Folder to make; ``columns.tsv`` says what each column holds.
    force : bool
        Replace a folder that tracktools made.
    """
    options = options or TableOptions()
    inputs = [*map(Path, sets.values())]
    inputs += [path for path in (options.annotation, options.operons, options.merge_into) if path is not None]
    inputs += [path for one in options.reads for path in (one.plus, one.minus)]
    with answer_folder(output, Path(genome), inputs, circular=options.circular, force=force) as answer:
        made = make_tss_table(sets, answer.genome, options)
        write_tables(answer.path, "tss", made.table, made.descriptions)
        if options.export or options.merge_into:
            export_features(
                features_of(made.table, made.genome),
                made.genome,
                answer.path,
                formats=options.export,
                merge_into=options.merge_into,
                renames=options.renames,
            )
        answer.parameters.update(window_bp=options.window_bp, left_out=made.left_out, notes=list(made.notes))
    return made
