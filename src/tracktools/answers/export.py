"""TSS and promoters as features for databases: GFF3 and GenBank, as a new file or added to an existing one."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from tracktools.answers.promoter_folder import RARE
from tracktools.answers.promoters import HEXAMER_BP
from tracktools.errors import InputError
from tracktools.formats.genbank import is_flat_file, new_flat_file, read_flat_file
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.formats.recognise import recognise_format
from tracktools.genome import Genome
from tracktools.names import join_names

SOURCE = "tracktools"
_GENBANK = {  # Sequence Ontology term -> INSDC feature key and /regulatory_class
    "TSS": ("misc_feature", ""),
    "promoter": ("regulatory", "promoter"),
    "minus_35_signal": ("regulatory", "minus_35_signal"),
    "minus_10_signal": ("regulatory", "minus_10_signal"),
}
_GENBANK_WIDTH, _KEY_COLUMN, _TEXT_COLUMN = 79, 5, 21
_GFF3_SAFE = " :/?#[]@!$'()*+_.~^|<>{}\"`\\-"  # what column nine contains as it is


@dataclass(frozen=True)
class Feature:
    """One feature.

    Parameters
    ----------
    chrom : str
        Sequence of the genome.
    kind : str
        Sequence Ontology term: ``TSS``, ``promoter``, ``minus_35_signal``, ``minus_10_signal``.
    start, end : int
        0-based, half-open; `end` lies past the length of a circle where the feature crosses the origin.
    strand : {"+", "-"}
    identity : str
        Unique name.
    score : float
        NaN where there is none.
    parent : str
        Identity of the promoter that it is a part of; empty: none.
    notes : dict of str to str
        Name of an attribute, such as ``Note``, and its text.
    """

    chrom: str
    kind: str
    start: int
    end: int
    strand: str
    identity: str
    score: float = float("nan")
    parent: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def features_of(table: pd.DataFrame, genome: Genome) -> list[Feature]:
    """Return the features of the rows of `tracktools.answers.table.make_tss_table`.

    A TSS whose promoter scores higher than 95 % of random places of the genome has the promoter, from the -35 to the
    TSS, with the two hexamers and the TSS as its parts; others have none. A promoter that would reach past an end of a
    linear sequence is left out.
    """
    features = []
    for row in table.to_dict("records"):
        contig = genome[row["contig"]]
        tss = row["position"] - 1
        note = f"class {row['class']}" if row.get("class") else ""
        said = {"Note": "; ".join(filter(None, (note, f"in {row['sets']}")))}
        promoter = _promoter(row, tss, len(contig), contig.circular)
        features += promoter
        parent = promoter[0].identity if promoter else ""
        features.append(
            Feature(row["contig"], "TSS", tss, tss + 1, row["strand"], row["id"], row["score"], parent, said)
        )
    return features


def _promoter(row: Mapping[Hashable, Any], tss: int, length: int, circular: bool) -> list[Feature]:
    bits = float(row["promoter_score"])
    if not float(row["promoter_by_chance"]) <= RARE:
        return []
    chrom, strand, name = str(row["contig"]), str(row["strand"]), str(row["id"]).replace("TSS_", "promoter_", 1)
    minus35, minus10 = int(row["minus35_position"]), int(row["minus10_position"])
    start, end = _placed(tss, minus35, 1, strand)
    if not circular and (start < 0 or end > length):
        return []
    parts = [
        Feature(chrom, "promoter", *_placed(tss, minus35, 1, strand), strand, name, bits, "", {"Note": "predicted"})
    ]
    for kind, offset, tag in (("minus_35_signal", minus35, "m35"), ("minus_10_signal", minus10, "m10")):
        place = _placed(tss, offset, offset + HEXAMER_BP, strand)
        hexamer = str(row["minus35" if tag == "m35" else "minus10"])
        parts.append(Feature(chrom, kind, *place, strand, f"{name}_{tag}", parent=name, notes={"Note": hexamer}))
    lap = length if start < 0 else 0
    return [Feature(**{**vars(one), "start": one.start + lap, "end": one.end + lap}) for one in _on(parts, length, lap)]


def _on(parts: Sequence[Feature], length: int, lap: int) -> list[Feature]:
    """Bring parts that lie wholly past the origin back onto the sequence."""
    moved = []
    for one in parts:
        back = length if one.start + lap >= length else 0
        moved.append(Feature(**{**vars(one), "start": one.start - back, "end": one.end - back}))
    return moved


def _placed(tss: int, first: int, last: int, strand: str) -> tuple[int, int]:
    """Return the bases from offset `first` up to, not with, `last`, on the strand; offset 0 is the TSS."""
    return (tss + first, tss + last) if strand == "+" else (tss - last + 1, tss - first + 1)


def gff3_lines(features: Iterable[Feature], names: Mapping[str, str] | None = None) -> list[str]:
    """Return a line of GFF3 a feature; `names`: what the file calls the sequences of the genome."""
    lines = []
    for one in features:
        score = "." if pd.isna(one.score) else f"{one.score:.6g}"
        tags = {"ID": one.identity, **({"Parent": one.parent} if one.parent else {}), **one.notes}
        column9 = ";".join(f"{name}={quote(text, safe=_GFF3_SAFE)}" for name, text in tags.items() if text)
        chrom = (names or {}).get(one.chrom, one.chrom)
        place = (chrom, SOURCE, one.kind, one.start + 1, one.end, score, one.strand, ".", column9)
        lines.append("\t".join(map(str, place)))
    return lines


def genbank_lines(features: Iterable[Feature], length: int) -> list[str]:
    """Return the lines of the feature table of one record of `length` bases."""
    lines = []
    for one in features:
        key, regulatory = _GENBANK[one.kind]
        spans = [(one.start, min(one.end, length))] + ([(0, one.end - length)] if one.end > length else [])
        place = ",".join(f"{start + 1}..{end}" if end - start > 1 else f"{start + 1}" for start, end in spans)
        place = f"join({place})" if len(spans) > 1 else place
        lines += _wrapped(key, f"complement({place})" if one.strand == "-" else place)
        said = "transcription start site" if one.kind == "TSS" else "predicted from the sequence"
        notes = [said, *(text for text in one.notes.values() if text != "predicted"), f"tracktools {one.identity}"]
        if regulatory:
            lines += _wrapped("", f'/regulatory_class="{regulatory}"')
        lines += _wrapped("", '/note="' + "; ".join(notes).replace('"', "'") + '"')
    return lines


def _wrapped(key: str, text: str) -> list[str]:
    """Return lines of at most 79 columns: the key from column 6, the text from column 22."""
    room = _GENBANK_WIDTH - _TEXT_COLUMN
    pieces = []
    while len(text) > room:
        cut = max(text.rfind(" ", 0, room + 1), text.rfind(",", 0, room) + 1)
        cut = cut if cut > 0 else room
        pieces.append(text[:cut].rstrip(" "))
        text = text[cut:].lstrip(" ")
    pieces.append(text)
    heads = [" " * _KEY_COLUMN + key.ljust(_TEXT_COLUMN - _KEY_COLUMN), *[" " * _TEXT_COLUMN] * (len(pieces) - 1)]
    return [head + piece for head, piece in zip(heads, pieces, strict=True)]


def export_features(
    features: Sequence[Feature],
    genome: Genome,
    folder: Path,
    *,
    formats: Iterable[str] = (),
    merge_into: Path | None = None,
    renames: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write features as ``tss.gff3`` and ``tss.gbk``, and into a copy of a GFF3 or GenBank file.

    Parameters
    ----------
    features : sequence of Feature
        From `features_of`.
    genome : Genome
        The genome.
    folder : Path
        Where to write.
    formats : iterable of {"gff3", "genbank"}
        New files to write.
    merge_into : Path, optional
        A file whose copy, ``merged.gff3`` or ``merged.gbk``, gets the features. None of its lines changes.
    renames : mapping of str to str, optional
        Name in that file to name in the genome.

    Raises
    ------
    InputError
        If the file is neither GFF3 nor GenBank; as `GenomeMismatchError`, if it is of another genome.
    """
    written = []
    if "gff3" in formats:
        text = "##gff-version 3\n" + "".join(f"{line}\n" for line in gff3_lines(features))
        written.append(_write(folder / "tss.gff3", text.encode()))
    if "genbank" in formats:
        blank = new_flat_file([(c.name, c.letters, c.circular) for c in genome])
        named = {contig.name: contig.name for contig in genome}
        written.append(_write(folder / "tss.gbk", _into_genbank(blank, list(named), features, genome)))
    if merge_into is not None:
        written.append(_merged(merge_into, features, genome, folder, renames))
    return written


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _merged(
    path: Path, features: Sequence[Feature], genome: Genome, folder: Path, renames: Mapping[str, str] | None
) -> Path:
    sizes = genome.chrom_sizes
    if is_flat_file(path):
        records = read_flat_file(path)
        joined = join_names((one.name for one in records), sizes, renames=renames, only_genome=True, path=path)
        content = _content(path)
        if not content.lstrip().startswith(b"LOCUS"):
            raise InputError("is EMBL", path=path, hint="convert it to GenBank, or merge into a GFF3")
        chroms = [joined.get(one.name, "") for one in records]
        _check_any(chroms, features, path, genome)
        return _write(folder / "merged.gbk", _into_genbank(content, chroms, features, genome))
    if recognise_format(path) != "gff3":
        raise InputError("is neither GFF3 nor GenBank", path=path, hint="name the annotation that gets the features")
    content = _content(path)
    found = dict.fromkeys(
        line.split(b"\t", 1)[0].decode("utf-8", "replace")
        for line in content.split(b"\n##FASTA", 1)[0].splitlines()
        if b"\t" in line and not line.startswith(b"#")
    )
    joined = join_names(found, sizes, renames=renames, only_genome=True, path=path)
    _check_any(list(joined.values()), features, path, genome)
    names = {chrom: name for name, chrom in joined.items()}
    return _write(folder / "merged.gff3", _into_gff3(content, gff3_lines(features, names)))


def _content(path: Path) -> bytes:
    with open_maybe_gzip(path) as file:
        content: bytes = file.read()
    return content


def _check_any(chroms: Sequence[str], features: Sequence[Feature], path: Path, genome: Genome) -> None:
    """Refuse a file that lacks a sequence which has features."""
    missing = {one.chrom for one in features} - set(chroms)
    if missing:
        hint = f"name it: --rename NAME_IN_THE_FILE={min(missing)}"
        raise InputError(f"has no sequence {min(missing)} of {genome.name}", path=path, hint=hint)


def _into_gff3(content: bytes, lines: Sequence[str]) -> bytes:
    """Put lines before ``##FASTA``, or at the end."""
    end = b"\r\n" if b"\r\n" in content[:4096] else b"\n"
    match = re.search(rb"^##FASTA\b", content, flags=re.MULTILINE)
    at = match.start() if match else len(content)
    before = content[:at]
    if before and not before.endswith(b"\n"):
        before += end
    return before + b"".join(line.encode() + end for line in lines) + content[at:]


def _into_genbank(content: bytes, chroms: Sequence[str], features: Sequence[Feature], genome: Genome) -> bytes:
    """Put features at the end of the feature table of each record; `chroms`: the sequence of each record."""
    end = "\r\n" if b"\r\n" in content[:4096] else "\n"
    out: list[bytes] = []
    record, inside = -1, False
    for line in content.splitlines(keepends=True):
        if line.startswith(b"LOCUS"):
            record += 1
        if inside and line[:1].strip():
            chrom = chroms[record]
            own = [one for one in features if one.chrom == chrom]
            if own:
                out += [(text + end).encode() for text in genbank_lines(own, len(genome[chrom]))]
            inside = False
        if line.startswith(b"FEATURES"):
            inside = True
        out.append(line)
    return b"".join(out)
