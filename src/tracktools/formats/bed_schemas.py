"""Kinds of BED file: their columns, with autoSql names and types.

The names are those of the header line of the BED text and of the autoSql in the bigBed made from it. autoSql (Kent &
Brumbaugh 2002) reserves no field names, so ``class`` is one like another; names must differ whatever their case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BedField:
    """One column of a BED file.

    Parameters
    ----------
    name : str
        autoSql name, in camel case.
    type : str
        autoSql type: int, uint, bigint, float, double, string, lstring; ``char[1]`` and ``int[blockCount]`` for the
        standard columns that are so.
    description : str
        One line, shown by the UCSC Genome Browser.
    """

    name: str
    type: str
    description: str


STANDARD_FIELDS = (
    BedField("chrom", "string", "Reference sequence"),
    BedField("chromStart", "uint", "Start, 0-based"),
    BedField("chromEnd", "uint", "End, the base after the last"),
    BedField("name", "string", "Name of the item"),
    BedField("score", "uint", "Score, 0 to 1000"),
    BedField("strand", "char[1]", "Strand: + or -, or . for none"),
    BedField("thickStart", "uint", "Start of the part drawn thick"),
    BedField("thickEnd", "uint", "End of the part drawn thick"),
    BedField("itemRgb", "uint", "Colour, red,green,blue"),
    BedField("blockCount", "int", "Number of blocks"),
    BedField("blockSizes", "int[blockCount]", "Comma-separated block sizes"),
    BedField("chromStarts", "int[blockCount]", "Block starts, relative to chromStart"),
)


@dataclass(frozen=True)
class BedSchema:
    """The columns of a kind of BED file.

    Parameters
    ----------
    name : str
        autoSql table name.
    description : str
        One line.
    fields : tuple of BedField
        All columns, the standard ones first.
    defined_fields : int
        How many of them are standard BED columns (3 to 12).

    Examples
    --------
    >>> CALLED_TSS.defined_fields, CALLED_TSS.columns[6:]
    (6, ('modelOutput', 'calibrated', 'split', 'expectedPrecision', 'expectedPrecisionLow', 'expectedPrecisionHigh'))
    """

    name: str
    description: str
    fields: tuple[BedField, ...]
    defined_fields: int

    def __post_init__(self) -> None:
        if not 3 <= self.defined_fields <= len(STANDARD_FIELDS):
            raise ValueError(f"a BED file has 3 to 12 standard columns, not {self.defined_fields}")
        folded = [field.name.lower() for field in self.fields]
        if len(set(folded)) < len(folded):
            raise ValueError(f"autoSql field names must differ, whatever their case: {', '.join(self.columns)}")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def autosql(self) -> str:
        """The schema as the autoSql text that a bigBed carries."""
        lines = [f"table {self.name}", f'"{_plain(self.description)}"', "    ("]
        lines += [f'    {field.type} {field.name}; "{_plain(field.description)}"' for field in self.fields]
        return "\n".join([*lines, "    )", ""])

    def with_fields(self, name: str, description: str, fields: Sequence[BedField]) -> BedSchema:
        """Return a schema with more columns at the end."""
        return BedSchema(name, description, (*self.fields, *fields), self.defined_fields)


def _plain(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def standard_bed(count: int) -> BedSchema:
    """Return the schema of a BED file of `count` standard columns (3 to 12) and no other."""
    return BedSchema(f"bed{count}", f"Items with {count} standard columns", STANDARD_FIELDS[:count], count)


BED3, BED4, BED5, BED6, BED9, BED12 = (standard_bed(count) for count in (3, 4, 5, 6, 9, 12))

TSS_SOURCE = BED6.with_fields(
    "tssSource",
    "Transcription start sites of one source",
    (
        BedField("sourceScore", "double", "Score that the source gives; nan where it gives none"),
        BedField("condition", "string", "Growth condition, or the sample"),
        BedField("evidence", "string", "Evidence that the source names"),
        BedField("sigma", "string", "Sigma factors that the source names"),
        BedField("sourceLine", "uint", "Line of the source file"),
    ),
)
CURATED_TSS = BED9.with_fields(
    "curatedTss",
    "Transcription start sites on which sources agree",
    (
        BedField("support", "uint", "Number of sources within the window"),
        BedField("sources", "string", "Names of these sources"),
        BedField("positions", "string", "Position in each of these sources, 0-based"),
        BedField("scores", "string", "Score in each of these sources"),
        BedField("spanStart", "uint", "First of these positions, 0-based"),
        BedField("spanEnd", "uint", "The base after the last of these positions"),
    ),
)
CALLED_TSS = BED6.with_fields(
    "calledTss",
    "Transcription start sites called from a signal",
    (
        BedField("modelOutput", "float", "Signal at the called base"),
        BedField("calibrated", "float", "Calibrated probability; nan where there is no calibration"),
        BedField(
            "split",
            "string",
            "Part of the genome in training: train, valid, test or none; held_out: out of fold",
        ),
        BedField("expectedPrecision", "float", "Share of such calls expected to be right; nan where it is not known"),
        BedField("expectedPrecisionLow", "float", "Lower end of its interval, from the spread between species"),
        BedField("expectedPrecisionHigh", "float", "Upper end of its interval"),
    ),
)
CALLED_COLUMNS = ("modelOutput", "calibrated", "split")  # by which called TSS are known, those of older files too
MOTIF_SITES = BED9.with_fields(
    "motifSites",
    "Sites that attention heads read",
    (
        BedField("head", "string", "Attention head"),
        BedField("attention", "float", "Attention of the head to the site"),
        BedField("tssOffset", "int", "Offset from the TSS: TSS 0, upstream negative"),
        BedField("tssName", "string", "Name of the TSS"),
        BedField("sequence", "string", "Sequence of the site, 5' to 3'"),
        BedField("pValue", "double", "P-value of the motif match"),
        BedField("qValue", "double", "Q-value of the motif match"),
    ),
)
CLASSIFIED_TSS = CURATED_TSS.with_fields(
    "classifiedTss",
    "Transcription start sites with their class by annotation",
    (
        BedField("class", "string", "Class by annotation"),
        BedField("gene", "string", "Gene that the class refers to"),
        BedField("distance", "int", "Distance to the start of the gene"),
    ),
)
GENES = BED9.with_fields(
    "genes",
    "Genes and pseudogenes",
    (
        BedField("geneName", "string", "Gene symbol"),
        BedField("locusTag", "string", "Locus tag"),
        BedField("biotype", "string", "Kind of gene"),
        BedField("product", "string", "Product"),
    ),
)
FOUND_GENES = BED9.with_fields(
    "foundGenes",
    "Genes that Prodigal finds in the sequence",
    (
        BedField("locusTag", "string", "Locus tag"),
        BedField("biotype", "string", "Kind of gene"),
        BedField("prodigalConfidence", "double", "Confidence of Prodigal [%]"),
    ),
)
FOUND_COLUMNS = ("prodigalConfidence",)  # by which found genes are known
CONFIRMED_TSS = BED9.with_fields(
    "confirmedTss",
    "Predicted and measured transcription start sites, matched one-to-one",
    (
        BedField("status", "string", "confirmed, predicted_only or measured_only"),
        BedField("predictedScore", "double", "Score of the prediction; nan where there is none"),
        BedField("measuredDistance", "int", "Measured position from the predicted one, along the strand"),
        BedField("measuredSupport", "uint", "Number of measured sets that have the TSS"),
        BedField("measuredSets", "string", "Their names"),
    ),
)
PROMOTER_ELEMENTS = BED9.with_fields(
    "promoterElements",
    "The -35 and -10 hexamers upstream of transcription start sites",
    (
        BedField("element", "string", "-35 or -10"),
        BedField("hexamer", "string", "Its letters, 5' to 3'"),
        BedField("bits", "double", "Score against the background [bits]"),
        BedField("elementOffset", "int", "Offset of its first base from the TSS: TSS 0, upstream negative"),
        BedField("spacerLength", "uint", "Bases between the two hexamers"),
        BedField("promoterBits", "double", "Score of both and of the distance [bits]"),
    ),
)
SCHEMAS = (
    BED3,
    BED4,
    BED5,
    BED6,
    BED9,
    BED12,
    TSS_SOURCE,
    CURATED_TSS,
    CALLED_TSS,
    MOTIF_SITES,
    CLASSIFIED_TSS,
    GENES,
    FOUND_GENES,
    CONFIRMED_TSS,
    PROMOTER_ELEMENTS,
)
SCHEMA_OF_COLUMNS = {schema.columns: schema for schema in SCHEMAS}
EXTRA_FIELDS = {field.name: field for schema in SCHEMAS for field in schema.fields[schema.defined_fields :]}
