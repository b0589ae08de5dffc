"""The effect of each variant of a VCF file, or of notations, as INFO fields and as a table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tracktools.concise import concise
from tracktools.config import MutateConfig, PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.vcf import FIRST_LINE, FIXED_COLUMNS, VcfHeader, VcfLine, open_vcf, write_header, write_line
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.mutate.info import ALL_NAMES, FIELDS, info_of, table_header, table_row
from tracktools.mutate.parts import KEEPS, in_parts
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.variant_effect import VariantEffect, reads_bp, variant_effects
from tracktools.mutate.variants import Allele, alleles_of, line_of_notation
from tracktools.names import join_names
from tracktools.progress import show_progress
from tracktools.run import Policy, Run, check_output
from tracktools.tracks import file_sha256, write_provenance
from tracktools.versions import tracktools_version

_LINES_A_PART = 64
OTHER_SEQUENCES = "on sequences that the genome does not have"


@concise
@dataclass(frozen=True)
class VariantEffects:
    """What was made.

    Parameters
    ----------
    folder, vcf, table : Path
        The folder, and in it ``<name>.mutate.vcf`` and ``<name>.mutate.tsv``.
    n_computed : int
        Alleles whose effect was computed.
    left_out : dict of str to int
        Alleles without an effect, by reason.
    """

    folder: Path
    vcf: Path
    table: Path
    n_computed: int
    left_out: dict[str, int]


def mutate_variants(
    genome: Genome | Path | str,
    variants: Path | Sequence[str],
    output: Path | str,
    *,
    model: Checkpoint | Path | str | None = None,
    config: PredictConfig | None = None,
    mutate: MutateConfig | None = None,
    host: Genome | Descriptor | Path | str | None = None,
    renames: Mapping[str, str] | None = None,
    only_genome: bool = False,
    force: bool = False,
    restart: bool = False,
) -> VariantEffects:
    """Compute what each variant alone does to the model output on both strands, and to the called TSS.

    Work goes on in ``<output>.partial``; a killed run continues there when it is started again in the same way.

    Parameters
    ----------
    genome : Genome, Path or str
        What REF is checked against.
    variants : Path, or sequence of str
        A VCF file, plain, gzip or bgzip, in any order; or variants as ``CHROM:POS:REF>ALT`` or HGVS (``g.``).
    output : Path or str
        Folder to make: ``<name>.mutate.vcf`` with the header and the lines of the input and new INFO fields,
        ``<name>.mutate.tsv`` with a row per allele, ``provenance.json``.
    model, config, host
        See `tracktools.predict_genome`; TSS are called at `config.threshold`.
    mutate : MutateConfig, optional
        How far a TSS may move and stay the same.
    renames, only_genome
        See `tracktools.names.join_names`; lines on other sequences are kept, without values.
    force, restart
        See `tracktools.predict_genome`.

    Raises
    ------
    GenomeMismatchError
        If a REF is not what the genome has, or a sequence is not the genome's; nothing is computed then.
    InputError
        If the file is no VCF, or contains no variant.
    """
    started, settings = time.time(), mutate or MutateConfig()
    path, notations = (Path(variants), ()) if isinstance(variants, Path) else (None, tuple(variants))
    inputs = [one for one in (path, None if isinstance(genome, Genome) else Path(genome)) if one is not None]
    output = check_output(Path(output), force=force, inputs=inputs)
    source = _Variants(as_genome(genome), path, notations, renames, only_genome)
    scoring = Scoring.of(source.genome, model, config, host)
    seen = _look_through(source, scoring)
    made_of = list(notations) if path is None else file_sha256(path)
    chosen = {"threshold": scoring.threshold, "only_genome": only_genome, "mutate": asdict(settings)}
    identity = scoring.identity("mutate --vcf", variants=made_of, renames=dict(renames or {}), **chosen)
    seconds = scoring.seconds_to_read(seen.codes_bp)
    scoring.announce(f"{seen.n_alleles:,} alleles on both strands, {seen.codes_bp:,} bases to read", seconds)
    stem = "variants" if path is None else _stem(path)
    with Run(output, identity, inputs=inputs, policy=Policy(force, restart), keeps=KEEPS) as run:
        _write(run, source, scoring, settings, stem, seen)
        parameters = chosen | {"inputs": {str(path): made_of} if path else made_of}
        write_provenance(run.result, started=started, parameters=parameters, **scoring.provenance())
        folder = run.publish()
    return VariantEffects(
        folder, folder / f"{stem}.mutate.vcf", folder / f"{stem}.mutate.tsv", seen.n_alleles, dict(seen.left_out)
    )


@dataclass(frozen=True)
class _Variants:
    """Where the variants come from, and how their names are read."""

    genome: Genome
    path: Path | None
    notations: tuple[str, ...]
    renames: Mapping[str, str] | None
    only_genome: bool

    @contextmanager
    def open(self) -> Iterator[tuple[VcfHeader, Iterator[VcfLine]]]:
        """Open the file, or make one of the notations."""
        if self.path is not None:
            with open_vcf(self.path) as (header, rows):
                self._check_contigs(header)
                yield header, rows
            return
        lines = [line_of_notation(text, self.genome, self.renames) for text in self.notations]
        sizes = {line.chrom: len(self.genome[name]) for line in lines if (name := self.name_of(line)) is not None}
        meta = (f"##contig=<ID={name},length={size}>" for name, size in sizes.items())
        yield VcfHeader((FIRST_LINE, *meta), "\t".join(FIXED_COLUMNS), {}), iter(lines)

    def name_of(self, line: VcfLine) -> str | None:
        """Return the genome's name of the sequence of a line; None where it has none and `only_genome` is set."""
        return self._join([line.chrom], self.only_genome).get(line.chrom)

    def _join(self, names: Sequence[str], only_genome: bool) -> dict[str, str]:
        sizes = self.genome.chrom_sizes
        return join_names(names, sizes, renames=self.renames, only_genome=only_genome, path=self.path)

    def _check_contigs(self, header: VcfHeader) -> None:
        for name, chrom in self._join(list(header.contigs), True).items():
            number, length = header.contigs[name]
            size = len(self.genome[chrom])
            if length is not None and length != size:
                problem = f"its {name} has {length:,} bp, and {chrom} of the genome has {size:,}"
                hint = "is it of another assembly?"
                raise GenomeMismatchError(problem, path=self.path, line=number, value=length, hint=hint)

    def alleles(self, line: VcfLine) -> list[Allele]:
        """Return the alleles of a line; those on other sequences have no change."""
        name = self.name_of(line)
        if name is None:
            return [Allele(self.genome.contigs[0], None, OTHER_SEQUENCES) for _ in line.alternatives]
        return alleles_of(line, self.genome[name], self.path)


@dataclass
class _Seen:
    """What a look through all lines found."""

    n_lines: int = 0
    n_alleles: int = 0
    codes_bp: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def _look_through(source: _Variants, scoring: Scoring) -> _Seen:
    """Check every line before anything is computed."""
    seen = _Seen()
    with source.open() as (_, lines):
        for line in lines:
            seen.n_lines += 1
            for allele in source.alleles(line):
                if allele.change is None:
                    seen.left_out[allele.note] += 1
                    continue
                seen.n_alleles += 1
                seen.codes_bp += reads_bp(allele.contig, allele.change, scoring.network)
    if not seen.n_lines:
        raise InputError("contains no variant", path=source.path)
    return seen


def _write(run: Run, source: _Variants, scoring: Scoring, settings: MutateConfig, stem: str, seen: _Seen) -> None:
    """Compute part after part, and write both files as it goes."""
    threshold = scoring.threshold

    def compute(lines: Sequence[VcfLine]) -> list[Any]:
        alleles = [source.alleles(line) for line in lines]
        wanted = [(one.contig, one.change) for row in alleles for one in row if one.change is not None]
        effects = variant_effects(wanted, scoring.engine, scoring.network, scoring.model.context, threshold=threshold,
                                  batch_bp=scoring.config.block_bp, same_tss_bp=settings.same_tss_bp)  # fmt: skip
        return [[None if one.change is None else next(effects).to_record() for one in row] for row in alleles]

    model = scoring.model.metadata.name
    made_by = f"##tracktoolsMutate=version {tracktools_version()}; model {model} ({scoring.model.sha256[:12]}); "
    made_by += f"genome {scoring.genome.name} ({scoring.genome.sha256[:12]}); TSS called at {threshold:g}"
    made_by = "\n".join([made_by, *(f"##tracktoolsMutateWarning={sentence}" for sentence in scoring.warnings)])
    with (
        source.open() as (header, lines),
        (run.result / f"{stem}.mutate.vcf").open("w", encoding="utf-8") as vcf,
        (run.result / f"{stem}.mutate.tsv").open("w", encoding="utf-8") as table,
        show_progress("mutating", seen.n_lines, "variants") as advance,
    ):
        write_header(vcf, header, FIELDS, made_by)
        table.write(table_header() + "\n")
        for line, records in in_parts(lines, run.folder, _LINES_A_PART, compute):
            effects = [None if record is None else VariantEffect.from_record(record) for record in records]
            notes = [one.note for one in source.alleles(line)]
            write_line(vcf, line, info_of(effects, notes), ALL_NAMES)
            for allele, effect, note in zip(line.alternatives, effects, notes, strict=True):
                table.write(table_row(line, allele, effect, note) + "\n")
            advance(1)


def _stem(path: Path) -> str:
    """Return what the names of the output begin with."""
    name = path.name
    for suffix in (".gz", ".bgz", ".vcf"):
        name = name.removesuffix(suffix)
    return name.lstrip(".") or "variants"
