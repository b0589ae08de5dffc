"""How the effect of a variant is written: INFO fields of VCF, and columns of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from tracktools.formats.vcf import MISSING, InfoField, VcfLine
from tracktools.mutate.variant_effect import Extremes, VariantEffect

_STRANDS = (("plus", "+"), ("minus", "-"))
_EXTREMES = tuple(one.name for one in fields(Extremes))
_SHORT_EXTREMES = ("gainPlus", "lossPlus", "gainMinus", "lossMinus")
_CALLS = ("created", "destroyed", "moved")
_NOTE = "TT_NOTE"


def _name(extreme: str, strand: str) -> str:
    """Return the name of a field: gain_log_odds_position of plus is TT_GAIN_PLUS_LOGODDS_POS."""
    side, *rest = extreme.split("_")
    words = "_".join(rest).replace("log_odds", "logodds").replace("position", "pos")
    return "_".join(["TT", side, strand, *([words] if words else [])]).upper()


def _describe(extreme: str, sign: str) -> InfoField:
    side = "gain" if extreme.startswith("gain") else "loss"
    of = "the log-odds of the model output (natural logarithm)" if "log_odds" in extreme else "model output (0 to 1)"
    what = f"Largest {side} of {of} on the {sign} strand, over bases that are there before and after"
    strand = "plus" if sign == "+" else "minus"
    if extreme.endswith("position"):
        return InfoField(_name(extreme, strand), "Integer", f"1-based position of the largest {side} of {of} on {sign}")
    return InfoField(_name(extreme, strand), "Float", what)


_PLACE = "position:strand:model output, several joined by |; base+n: nth inserted base after a base"
FIELDS = (
    *(_describe(extreme, sign) for _, sign in _STRANDS for extreme in _EXTREMES),
    InfoField("TT_CREATED", "String", f"TSS called with the variant and not without it: {_PLACE}"),
    InfoField("TT_DESTROYED", "String", f"TSS called without the variant and not with it: {_PLACE}"),
    InfoField("TT_MOVED", "String", "TSS called at another base with the variant: from>to:strand:model output"),
    InfoField(_NOTE, "String", "Why an allele has no values"),
)
ALL_NAMES = frozenset(field.name for field in FIELDS)


def info_of(effects: Sequence[VariantEffect | None], notes: Sequence[str]) -> dict[str, str]:
    """Return the INFO of a line by field, a value for each allele; fields without any value are left out.

    Parameters
    ----------
    effects : sequence of VariantEffect or None
        Of each allele.
    notes : sequence of str
        Why it has none.
    """
    columns = zip(*(_values(effect) for effect in effects), strict=True)
    info = {
        field.name: ",".join(values)
        for field, values in zip(FIELDS, columns, strict=False)
        if any(value != MISSING for value in values)
    }
    if any(notes):
        info[_NOTE] = ",".join("_".join(_words(note)) or MISSING for note in notes)
    return info


def _words(note: str) -> list[str]:
    """Return the words of a note in letters that INFO may hold in a list."""
    return note.replace(" (*)", "").replace(",", "").split()


def _values(effect: VariantEffect | None) -> Iterator[str]:
    """Yield the values of all fields but the note."""
    for strand, _ in _STRANDS:
        for name in _EXTREMES:
            yield MISSING if effect is None else _shown(getattr(getattr(effect, strand), name), name)
    for name in _CALLS:
        calls = () if effect is None else getattr(effect, name)
        yield "|".join(map(str, calls)) or MISSING


def _shown(value: float, name: str) -> str:
    if name.endswith("position"):
        return str(value) if value else MISSING
    return f"{value:.6g}"


def table_header() -> str:
    """Return the first line of the table."""
    names = [f"{_camel(name)}{strand.capitalize()}" for strand, _ in _STRANDS for name in _EXTREMES]
    return "\t".join(["line", "chrom", "pos", "id", "ref", "alt", *names, *_CALLS, "note"])


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def short_table(table: str) -> str:
    """Return the columns of a table that a terminal shows: alleles, gains, losses, TSS and notes, as they are."""
    rows = [line.split("\t") for line in table.splitlines()]
    kept = [rows[0].index(name) for name in ("chrom", "pos", "ref", "alt", *_SHORT_EXTREMES, *_CALLS, "note")]
    return "\n".join("\t".join(row[column] for column in kept) for row in rows)


def table_row(line: VcfLine, allele: str, effect: VariantEffect | None, note: str) -> str:
    """Return the row of an allele; the line is 0 for a variant of the command line."""
    chrom, position, name, reference = line.columns[:4]
    values = ["" if value == MISSING else value for value in _values(effect)]
    return "\t".join([str(line.number), chrom, position, name, reference, allele, *values, note])
