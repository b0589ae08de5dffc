"""Which rows of an annotation are one gene, by `Parent`, `ID`, tags, names and places.

1. A row of type ``gene``, ``pseudogene`` or ``…_gene`` is a gene.
2. A ``CDS`` or ``…RNA`` row belongs to the genes among its parents, however far up; else to the gene of its locus tag;
   else to the gene on its strand in which it lies and which has its ID or name, or exactly its place.
3. One that belongs to none, because the file has no gene rows, or not this one, or its parent is an operon or a
   transcript, is a gene itself.

Rows of one ID are parts of one gene, unless what they say of themselves differs (`are_alike`), or they are further
apart than `FAR_BP`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tracktools.formats.feature_row import FeatureRow

FAR_BP = 10_000  # rows of one ID that are further apart, and not called parts, are two genes: IDs are used twice
_CARRIERS = ("mRNA", "transcript", "primary_transcript", "pseudogenic_transcript")
_CODON = "stop_codon"  # GTF takes it out of the coding sequence
_IDENTITY = ("locus_tag", "gene", "name", "gene_id", "gene_name", "gene_biotype", "biotype", "product", "old_locus_tag")
_NAMES = ("id", "name", "gene", "gene_name", "gene_id", "locus_tag")


class Said(dict[str, str]):
    """The attributes of a row by lower-case name: ``Locus_tag`` and ``locus_tag`` are one; absent ones are empty."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        super().__init__()
        for name, value in sorted(attributes.items()):  # of Name and name, that of the specification comes first
            self.setdefault(name.lower().replace(" ", "_"), value)

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row, its attributes, see `Said`, and where the whole feature is that it may be a part of."""

    row: FeatureRow
    said: Said
    span: tuple[int, int]

    @property
    def parents(self) -> list[str]:
        """The IDs that it names as its parents."""
        return [parent for parent in self.said["parent"].split(",") if parent]

    @property
    def is_gene(self) -> bool:
        """Whether it is a gene by its type."""
        kind = self.row.type
        return kind in ("gene", "pseudogene") or kind.endswith("_gene")

    @property
    def is_product(self) -> bool:
        """Whether it is what a gene makes: a coding sequence, an RNA or a transcript."""
        kind = self.row.type
        return kind in ("CDS", "pseudogenic_CDS", _CODON, *_CARRIERS) or kind.endswith("RNA")

    @property
    def is_carrier(self) -> bool:
        """Whether it may carry coding sequences, which then tell more than it does."""
        return self.row.type in _CARRIERS


@dataclass(slots=True)
class Gene:
    """Rows of one gene.

    Parameters
    ----------
    parts : list of Row
        Those that say where it is.
    below : list of Row
        What it makes, in file order: rows that belong to it.
    """

    parts: list[Row]
    below: list[Row] = field(default_factory=list)


def link_rows(rows: Iterable[FeatureRow]) -> tuple[list[Gene], list[FeatureRow]]:
    """Return the genes of an annotation, and the rows that belong to none.

    Parameters
    ----------
    rows : iterable of FeatureRow
        Of one file, in its order.

    Returns
    -------
    genes : list of Gene
        In the order of their first rows, those with a row of their own first.
    others : list of FeatureRow
        Rows of other kinds (repeats, regulatory sites), and transcripts without any gene or coding sequence.
    """
    known = _with_spans([(row, Said(row.attributes)) for row in rows])
    by_id: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in known:
        if row.said["id"]:
            by_id[row.row.chrom, row.said["id"]].append(row)
    genes = group_parts(row for row in known if row.is_gene)
    owners = _Owners(genes, by_id)
    orphans, others = [], []
    for row in known:
        if row.is_gene:
            continue
        found = owners.of(row)
        for gene in found:
            gene.below.append(row)
        if not found and row.is_product:
            orphans.append(row)
        elif not found:
            others.append(row)
    made, left = _genes_of_orphans(orphans, by_id)
    genes += made
    used = {name for gene in genes for row in (*gene.parts, *gene.below) for name in (row.said["id"], *row.parents)}
    return genes, [row.row for row in others + left if not used.intersection(row.parents)]


def _with_spans(rows: Sequence[tuple[FeatureRow, Said]]) -> list[Row]:
    spans: dict[tuple[object, ...], tuple[int, int]] = {}
    for row, said in rows:
        key = _feature_key(row, said)
        start, end = spans.get(key, (row.start, row.end))
        spans[key] = (min(start, row.start), max(end, row.end))
    return [Row(row, said, spans[_feature_key(row, said)]) for row, said in rows]


def _feature_key(row: FeatureRow, said: Said) -> tuple[object, ...]:
    """Return what the parts of one feature have in common."""
    number = row.line if row.feature is None else row.feature
    return (row.chrom, row.strand, row.type, said["id"] or number)


def group_parts(rows: Iterable[Row]) -> list[Gene]:
    """Group the rows that are parts of one gene."""
    genes: list[Gene] = []
    candidates: dict[tuple[str, ...], list[Gene]] = defaultdict(list)
    for row in rows:
        key = _part_key(row)
        gene = next((gene for gene in candidates[key] if _is_part(row, gene)), None)
        if gene is None:
            gene = Gene([])
            genes.append(gene)
            candidates[key].append(gene)
        gene.parts.append(row)
    return genes


def _part_key(row: Row) -> tuple[str, ...]:
    """Return what rows of one gene have in common; a row without any such thing is alone, but for its own copy."""
    place = (row.row.chrom, row.row.strand)
    for name in ("id", "locus_tag"):
        if row.said[name]:
            return (*place, name, row.said[name])
    if row.row.feature is not None:
        return (*place, "feature", str(row.row.feature))
    return (*place, str(row.row.start), str(row.row.end), *(f"{name}={value}" for name, value in row.said.items()))


def _is_part(row: Row, gene: Gene) -> bool:
    return all(are_alike(part, row) for part in gene.parts) and any(_are_near(part, row) for part in gene.parts)


def are_alike(first: Row, second: Row) -> bool:
    """Return whether two rows of one ID and strand can be one gene: no name, tag, product or parent differs."""
    if any(first.said[name] and second.said[name] and first.said[name] != second.said[name] for name in _IDENTITY):
        return False
    return not (first.parents and second.parents) or bool(set(first.parents) & set(second.parents))


def _are_near(first: Row, second: Row) -> bool:
    if any(row.said["part"] or "splicing" in row.said["exception"] for row in (first, second)):
        return True
    if first.row.feature is not None and first.row.feature == second.row.feature:
        return True
    gap = max(first.row.start, second.row.start) - min(first.row.end, second.row.end)
    return gap <= FAR_BP or 0 in (first.row.start, second.row.start)  # the origin of a circle may lie between


class _Owners:
    """Finds the genes that a row belongs to."""

    def __init__(self, genes: Sequence[Gene], by_id: Mapping[tuple[str, str], list[Row]]) -> None:
        self._by_id = by_id
        self._by_part: dict[int, Gene] = {}
        self._by_tag: dict[tuple[str, str], list[Gene]] = defaultdict(list)
        self._by_name: dict[tuple[str, str, str], list[Gene]] = defaultdict(list)
        self._by_place: dict[tuple[str, str, int, int], list[Gene]] = defaultdict(list)
        for gene in genes:
            first = gene.parts[0]
            chrom, strand = first.row.chrom, first.row.strand
            self._by_tag[chrom, first.said["locus_tag"]].append(gene)
            for name in {first.said[name] for name in _NAMES} - {""}:
                self._by_name[chrom, strand, name].append(gene)
            for part in gene.parts:
                self._by_part[id(part)] = gene
                self._by_place[chrom, strand, *part.span].append(gene)

    def of(self, row: Row) -> list[Gene]:
        """Return the genes of a row that is no gene; none where it belongs to none."""
        found = self._among_parents(row)
        if not found and row.is_product:
            found = self._of_tag(row) or self._alike(row)
        return found

    def _among_parents(self, row: Row) -> list[Gene]:
        found: dict[int, Gene] = {}
        seen: set[str] = set()
        names = row.parents
        while names:
            name = names.pop()
            if name in seen:
                continue  # parents in a ring
            seen.add(name)
            above = [one for one in self._by_id.get((row.row.chrom, name), []) if one is not row]
            genes = {id(gene): gene for one in above if (gene := self._by_part.get(id(one))) is not None}
            near = {key: gene for key, gene in genes.items() if _meet(gene, row)}
            found |= near or genes
            names += [parent for one in above if not one.is_gene for parent in one.parents]
        return list(found.values())

    def _of_tag(self, row: Row) -> list[Gene]:
        genes = self._by_tag.get((row.row.chrom, row.said["locus_tag"]), []) if row.said["locus_tag"] else []
        return [gene for gene in genes if _meet(gene, row)] or list(genes)

    def _alike(self, row: Row) -> list[Gene]:
        place = (row.row.chrom, row.row.strand)
        same_place = self._by_place.get((*place, *row.span), [])
        same_name = [
            gene for name in _NAMES if row.said[name] for gene in self._by_name.get((*place, row.said[name]), [])
        ]
        inside = [gene for gene in same_name if _covered(row, gene)]
        return list({id(gene): gene for gene in (*same_place, *inside) if not _differ(gene, row)}.values())


def _meet(gene: Gene, row: Row) -> bool:
    return any(
        part.row.strand == row.row.strand and part.row.start < row.row.end and row.row.start < part.row.end
        for part in gene.parts
    )


def _differ(gene: Gene, row: Row) -> bool:
    """Return whether a row has another locus tag than a gene."""
    tags = {part.said["locus_tag"] for part in gene.parts} - {""}
    return bool(tags and row.said["locus_tag"]) and row.said["locus_tag"] not in tags


def _genes_of_orphans(
    orphans: Sequence[Row], by_id: Mapping[tuple[str, str], list[Row]]
) -> tuple[list[Gene], list[Row]]:
    """Make genes of rows that belong to no gene; return them, and the transcripts that are none."""
    makers = [row for row in orphans if not row.is_carrier]
    genes = _merge_alike(group_parts(_with_key(row, by_id) for row in makers))
    genes = [gene for gene in genes if any(part.row.type != _CODON for part in gene.parts)]
    owners = _Owners(genes, by_id)
    children: dict[tuple[str, str], list[Gene]] = defaultdict(list)
    for gene in genes:
        for part in gene.parts:
            for parent in part.parents:
                children[part.row.chrom, parent].append(gene)
    carriers: list[Row] = []
    left: list[Row] = []
    for row in orphans:
        if row.is_carrier:
            below = children.get((row.row.chrom, row.said["id"]), []) if row.said["id"] else []
            found = {id(gene): gene for gene in below} or {id(gene): gene for gene in owners.of(row)}
            for gene in found.values():
                gene.below.append(row)
            if not found:
                (carriers if row.row.type == "mRNA" else left).append(row)
    return genes + group_parts(carriers), left


def _with_key(row: Row, by_id: Mapping[tuple[str, str], list[Row]]) -> Row:
    """Give a row without ID that of its transcripts, present or not: the exons of a coding sequence have no other."""
    above = [one for parent in row.parents for one in by_id.get((row.row.chrom, parent), [])]
    if row.said["id"] or not row.parents or not all(one.is_carrier for one in above):
        return row  # below an operon, each row is a gene
    said = Said(row.said)
    said["id"] = row.said["parent"]
    return Row(row.row, said, row.span)


def _merge_alike(genes: Sequence[Gene]) -> list[Gene]:
    """Join genes of one locus tag, or of one absent parent where one lies in the other: two products of one gene."""
    merged: list[Gene] = []
    known: dict[tuple[str, ...], list[Gene]] = defaultdict(list)
    for gene in genes:
        first = gene.parts[0]
        place = (first.row.chrom, first.row.strand)
        keys = [(*place, name, first.said[name]) for name in ("locus_tag", "parent") if first.said[name]]
        same = [other for key in keys for other in known[key] if _nested(other, gene) and _same_symbol(other, first)]
        if same:
            same[0].parts += [row for row in gene.parts if not _covered(row, same[0])]
            same[0].below += gene.parts
        else:
            merged.append(gene)
            for key in keys:
                known[key].append(gene)
    return merged


def _same_symbol(gene: Gene, row: Row) -> bool:
    symbols = {one.said["gene"] for one in (*gene.parts, row)} - {""}
    return len(symbols) < 2 and not _differ(gene, row)


def _nested(first: Gene, second: Gene) -> bool:
    (a, b), (c, d) = _span(first), _span(second)
    return (a <= c and d <= b) or (c <= a and b <= d)


def _covered(row: Row, gene: Gene) -> bool:
    start, end = _span(gene)
    return start <= row.row.start and row.row.end <= end


def _span(gene: Gene) -> tuple[int, int]:
    return min(row.row.start for row in gene.parts), max(row.row.end for row in gene.parts)
