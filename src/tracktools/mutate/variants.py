"""From the text of a variant to a change of a contig; a variant that does not fit the genome is refused.

Notations: lines of VCF, ``CHROM:POS:REF>ALT``, and the substitutions, deletions, insertions, duplications, inversions
and deletion-insertions of HGVS with ``g.`` (``o.`` and ``m.`` for circles), https://hgvs-nomenclature.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.vcf import MISSING, VcfLine, check_columns
from tracktools.genome import Contig, Genome
from tracktools.mutate.changed import Change
from tracktools.names import join_names

NUCLEOTIDES = re.compile(r"[ACGTURYSWKMBDHVN]+", re.IGNORECASE)
_SHOWN_LETTERS = 20
_MEANT_BY = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG",
    "N": "ACGT",
}  # fmt: skip
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")
_SIMPLE = re.compile(r"(?P<chrom>\S+):(?P<position>[0-9,]{1,24}):(?P<ref>[A-Za-z]+)>(?P<alt>[^:>]+|<[^<>]+>)")
_HGVS = re.compile(
    r"(?P<chrom>\S+):[gom]\.(?P<first>[0-9]{1,18})(?:_(?P<last>[0-9]{1,18}))?"
    r"(?:(?P<old>[A-Za-z])>(?P<new>[A-Za-z])|(?P<kind>delins|del|ins|dup|inv)(?P<letters>[A-Za-z]*))"
)

OVERLAPPED = "deleted by another variant (*)"
SYMBOLIC = "symbolic or breakends, without letters"


@dataclass(frozen=True)
class Allele:
    """One allele of ALT.

    Parameters
    ----------
    contig : Contig
    change : Change or None
        None if there is nothing to compute.
    note : str
        Why there is nothing to compute.
    """

    contig: Contig
    change: Change | None
    note: str = ""


def is_notation(text: str) -> bool:
    """Return whether a text is a variant in one of the notations, not the name of a file."""
    return _SIMPLE.fullmatch(text) is not None or _HGVS.fullmatch(text) is not None


def line_of_notation(text: str, genome: Genome, renames: Mapping[str, str] | None) -> VcfLine:
    """Return the line of VCF that a notation means.

    Raises
    ------
    InputError
        If it is none, or not of the genome.
    """
    if match := _SIMPLE.fullmatch(text):
        line = VcfLine(0, (match["chrom"], match["position"].replace(",", ""), MISSING, match["ref"], match["alt"],
                           MISSING, MISSING, MISSING))  # fmt: skip
        check_columns(line.columns, None, None)
        return line
    match = _HGVS.fullmatch(text)
    if match is None:
        hint = "write CHROM:POS:REF>ALT or HGVS, such as NC_000913.3:g.366305G>A or :g.70_72del, or name a VCF file"
        raise InputError(f"{text!r} is no variant", hint=hint)
    contig = genome[join_names([match["chrom"]], genome.chrom_sizes, renames=renames)[match["chrom"]]]
    position, reference, alternative = _from_hgvs(text, match, contig)
    return VcfLine(0, (match["chrom"], str(position), MISSING, reference, alternative, MISSING, MISSING, MISSING))


def _from_hgvs(text: str, match: re.Match[str], contig: Contig) -> tuple[int, str, str]:
    """Return POS, REF and ALT; with the base before it where either would be empty."""
    first = int(match["first"])
    last = int(match["last"] or first)
    size = len(contig)
    if contig.circular and last < first:  # across the origin
        last += size
    if not 1 <= first <= size or not first <= last < first + size or (last > size and not contig.circular):
        raise InputError(f"{text!r} is not within {contig.name}, which has bases 1 to {size}", hint=_hint_of(contig))
    old = _letters(contig, first - 1, last)
    if match["old"]:
        if match["last"]:
            raise InputError(f"{text!r} names two positions for one base", hint="write g.70_72delinsACG")
        return first, match["old"], match["new"]
    kind, letters = match["kind"], match["letters"].upper()
    if kind == "ins":
        if not letters or last != first + 1:
            raise InputError(f"{text!r} is no insertion", hint="write the two bases next to it: g.70_71insACG")
        return first, old[0], old[0] + letters
    if kind == "delins":
        if not letters:
            raise InputError(f"{text!r} does not say what comes instead", hint="write g.70_72delinsACG")
        return first, old, letters
    if letters and letters != old:
        problem = f"{text!r} names {_shown(letters)}, and the genome has {_shown(old)} there"
        raise GenomeMismatchError(problem, hint="is it of another genome or assembly?")
    if kind == "inv":
        return first, old, old.translate(_COMPLEMENT)[::-1]
    if kind == "dup":
        return last if last <= size else last - size, old[-1], old[-1] + old
    if first > 1 or contig.circular:
        before = first - 1 or size
        anchor = _letters(contig, before - 1, before)
        return before, anchor + old, anchor
    anchor = _letters(contig, last, last + 1)
    return first, old + anchor, anchor


def alleles_of(line: VcfLine, contig: Contig, path: Path | None) -> list[Allele]:
    """Return the alleles of a line, checked against the genome.

    Raises
    ------
    GenomeMismatchError
        If REF is not what the genome has, or past its end.
    InputError
        If an allele of ALT is none.
    """
    number = line.number or None
    reference = line.reference.upper().replace("U", "T")
    start, size = line.position - 1, len(contig)
    if not line.alternatives or all(_why_not(text) for text in line.alternatives):
        if start > size:  # VCF has 0 and the length + 1 for what joins the ends
            raise GenomeMismatchError(f"POS is {line.position:,}, and {contig.name} has {size:,} bp", path=path,
                                      line=number, hint=_hint_of(contig))  # fmt: skip
        return [Allele(contig, None, _why_not(text)) for text in line.alternatives]
    end = start + len(reference)
    if not 0 <= start < size or end > (start + size if contig.circular else size):
        problem = f"{line.position:,}, {len(reference)} bp, is not within {contig.name}, which has {size:,} bp"
        raise GenomeMismatchError(problem, path=path, line=number, hint=_hint_of(contig))
    _check_reference(line, reference, _letters(contig, start, end), path)
    return [_allele(contig, start, reference, text, path, number) for text in line.alternatives]


def _hint_of(contig: Contig) -> str:
    return "is it of another genome or assembly?" + (
        "" if contig.circular else " --circular joins the ends of a circle"
    )


def _check_reference(line: VcfLine, reference: str, found: str, path: Path | None) -> None:
    for offset, (said, there) in enumerate(zip(reference, found, strict=True)):
        if said != there and not (there in _MEANT_BY and (said == "N" or said in _MEANT_BY[there])):
            where = f"{line.chrom}:{line.position}"
            problem = f"REF is {_shown(reference)} at {where}, and the genome has {_shown(found)}"
            problem += f": base {line.position + offset} differs" if len(found) > 1 else ""
            hint = "is the file of another genome or assembly, or 0-based?"
            raise GenomeMismatchError(problem, path=path, line=line.number or None, value=line.reference, hint=hint)


def _allele(contig: Contig, start: int, reference: str, text: str, path: Path | None, number: int | None) -> Allele:
    if note := _why_not(text):
        return Allele(contig, None, note)
    if not NUCLEOTIDES.fullmatch(text):
        hint = "write A, C, G, T or N, *, <…> or a breakend"
        raise InputError(f"ALT has the allele {_shown(text)!r}", path=path, line=number, value=text, hint=hint)
    alternative = text.upper().replace("U", "T")
    end = start + len(reference)
    while reference and alternative and reference[-1] == alternative[-1]:  # to what really changes
        reference, alternative, end = reference[:-1], alternative[:-1], end - 1
    while reference and alternative and reference[0] == alternative[0]:
        reference, alternative, start = reference[1:], alternative[1:], start + 1
    if start >= len(contig) and contig.circular:
        start, end = start - len(contig), end - len(contig)
    return Allele(contig, Change(start, end, alternative))


def _why_not(text: str) -> str:
    if text == "*":
        return OVERLAPPED
    return SYMBOLIC if text.startswith("<") or any(sign in text for sign in "[].") else ""


def _letters(contig: Contig, start: int, end: int) -> str:
    """Return upper-case letters; across the origin of a circle, too."""
    if end <= len(contig):
        return contig.letters[start:end].tobytes().decode("ascii").upper()
    return _letters(contig, start, len(contig)) + _letters(contig, 0, end - len(contig))


def _shown(letters: str) -> str:
    return letters if len(letters) <= _SHOWN_LETTERS else f"{letters[:_SHOWN_LETTERS]}… ({len(letters)} bp)"
