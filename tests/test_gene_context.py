"""Where the genes are: found alike on both strands and past the origin; what they add, base by base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runs import GENOME, checkpoint_of, settings_of, write_fasta
from tracktools import gene_finder
from tracktools.blocks import plan_blocks
from tracktools.config import DilatedConfig
from tracktools.engine import host, make_engine
from tracktools.engine.caveats import caveats_of
from tracktools.engine.grid import score_block
from tracktools.gene_context import FROM_BP, PLACES, GeneContext, GenomeContext, shift_probabilities
from tracktools.gene_finder import LEAST_LEARNT_BP, FoundGenes, find_genes
from tracktools.genome import COMPLEMENT_OF_CODE, Contig, Genome
from tracktools.interval import STRANDS, Strand
from tracktools.model.checkpoint import save_checkpoint
from tracktools.model.networks import make_network
from tracktools.model.registry import as_model
from tracktools.pipeline.predict_hub import Inputs, predict_and_build
from tracktools.tracks import read_provenance

TABLE = GeneContext(tuple(tuple(float(100 * place + n) / 100 for n in range(len(FROM_BP))) for place in range(3)))


def genes_of(*rows: tuple[int, int, str]) -> FoundGenes:
    starts, ends = (np.array([row[n] for row in rows], dtype=np.int64) for n in (0, 1))
    forward = np.array([row[2] == "+" for row in rows], dtype=bool)
    return FoundGenes(starts, ends, forward, np.ones(len(rows), dtype=bool), np.full(len(rows), 99.5))


def added_by_hand(rows: list[tuple[int, int, str]], length: int, p: int, strand: Strand, circular: bool) -> float:
    """Return what `TABLE` adds at a base, looked up gene by gene."""
    turns = (-length, 0, length) if circular else (0,)

    def inside(own: bool) -> bool:
        return any(s + t <= p < e + t for s, e, d in rows for t in turns if (d == strand) == own)

    place = 1 if inside(True) else 2 if inside(False) else 0
    first = [(s + t - p) if strand == "+" else (p - (e - 1 + t)) for s, e, d in rows for t in turns if d == strand]
    distance = min((d for d in first if d >= 0), default=10**9)
    return TABLE.log_odds[place][max(n for n, least in enumerate(FROM_BP) if least <= distance)]


@pytest.mark.parametrize("circular", [False, True])
def test_each_base_gets_the_log_odds_of_its_place_and_distance(circular: bool) -> None:
    length = 5000
    rows = [(400, 1000, "+"), (900, 1500, "-"), (1502, 1700, "+"), (3000, 3900, "-"), (4100, 4101, "+")]
    rows += [(4800, 5200, "+")] if circular else [(4800, 5000, "+")]
    contig = Contig("c", np.full(length, ord("A"), dtype=np.uint8), circular)
    context = GenomeContext.of(TABLE, Genome("g", (contig,)), (genes_of(*rows),))
    for strand in STRANDS:
        wanted = [added_by_hand(rows, length, p, strand, circular) for p in range(length)]
        if not circular:  # no gene starts before the end: see the tests of such bases
            last = {"+": slice(4801, None), "-": slice(0, 1499)}[strand]
            wanted[last] = context.log_odds("c", strand, 0, length)[last]
        np.testing.assert_array_equal(context.log_odds("c", strand, 0, length), np.float32(wanted))
        np.testing.assert_array_equal(context.log_odds("c", strand, 1234, 4321), np.float32(wanted[1234:4321]))
        at = np.array([4999, 0, 17, 2999])
        np.testing.assert_array_equal(context.log_odds_at("c", strand, at), np.float32(wanted)[at])


def blank(name: str, length: int, circular: bool) -> Contig:
    return Contig(name, np.full(length, ord("A"), dtype=np.uint8), circular)


def test_a_genome_without_genes_is_outside_and_far_from_any() -> None:
    context = GenomeContext.of(TABLE, Genome("g", (blank("c", 12, False),)), (genes_of(),))
    np.testing.assert_array_equal(context.log_odds("c", "-", 0, 12), np.full(12, TABLE.log_odds[0][-1], np.float32))


def mean_odds_at_least(context: GenomeContext, name: str, least: int) -> float:
    """Return the log of the mean odds outside genes at distances of a class or more, from what each base gets."""
    added = np.concatenate(
        [context.log_odds(name, strand, 0, context.steps[name, strand].length) for strand in STRANDS]
    )
    outside = added[added < 0.5 * TABLE.log_odds[1][0]]  # `TABLE` has 0 to 0.13 there, and 1 and more in genes
    return float(np.log(np.exp(outside[outside >= np.float32(TABLE.log_odds[0][least])].astype(float)).mean()))


RING = [(500 + 1700 * n + 37 * n * n % 800, 1300 + 1700 * n + 37 * n * n % 800, "+-"[n % 3 == 1]) for n in range(60)]


def test_where_the_end_of_a_contig_hides_the_next_gene_a_base_gets_the_mean_of_the_genome() -> None:
    ring, scrap = blank("ring", 104_000, True), blank("scrap", 60, False)
    context = GenomeContext.of(TABLE, Genome("g", (ring, scrap)), (genes_of(*RING), genes_of()))
    for strand in STRANDS:
        hidden = context.log_odds("scrap", strand, 0, 60)[:: 1 if strand == "+" else -1]
        for to_end in (60, 35, 12, 1):  # of an end that is so far away, a gene may start behind it, or farther
            least = max(n for n, bp in enumerate(FROM_BP) if bp <= to_end)
            assert hidden[60 - to_end] == pytest.approx(mean_odds_at_least(context, "ring", least), abs=1e-3)


def test_short_contigs_do_not_make_the_next_gene_look_near() -> None:
    whole = GenomeContext.of(TABLE, Genome("g", (blank("ring", 104_000, True),)), (genes_of(*RING),))
    true = mean_odds_at_least(whole, "ring", 0)
    pieces, found = [], []
    for start in range(0, 104_000, 1000):  # shorter than most distances are
        cut = [(max(s, start) - start, min(e, start + 1000) - start, d) for s, e, d in RING]
        rows = [row for row in cut if row[0] < row[1]]
        begins = [
            start <= (s if d == "+" else e - 1) < start + 1000 for s, e, d in RING if s < start + 1000 and e > start
        ]
        pieces.append(blank(f"c{start}", 1000, False))
        found.append(genes_of(*rows)._replace(begins=np.array(begins, dtype=bool)))
    draft = GenomeContext.of(TABLE, Genome("d", tuple(pieces)), tuple(found))
    table = draft.log_odds("c4000", "-", 0, 1)[0]
    assert table == pytest.approx(true, abs=0.01)


@pytest.mark.parametrize("turned", [0, 1])
def test_the_ends_of_contigs_are_alike_on_both_strands(turned: int) -> None:
    """Of two contigs, one is turned: each base of it gets the same on the other strand."""
    rows = ([(300, 900, "+"), (950, 1800, "-")], [(100, 700, "-"), (1200, 1900, "+")])
    back = [[(2000 - e, 2000 - s, "-" if d == "+" else "+") for s, e, d in one] for one in rows]
    contigs = (blank("a", 2000, False), blank("b", 2000, False))
    mixed = [back[n] if n == turned else rows[n] for n in (0, 1)]
    one, other = (
        GenomeContext.of(TABLE, Genome("g", contigs), tuple(genes_of(*own) for own in both)) for both in (rows, mixed)
    )
    for n, contig in enumerate(contigs):
        for strand in STRANDS:
            wanted = one.log_odds(contig.name, strand, 0, 2000)
            swapped: Strand = "-" if strand == "+" else "+"
            got = (
                other.log_odds(contig.name, swapped, 0, 2000)[::-1]
                if n == turned
                else other.log_odds(contig.name, strand, 0, 2000)
            )
            np.testing.assert_array_equal(got, wanted)


def test_probabilities_move_by_their_log_odds() -> None:
    p = np.array([0, 1e-30, 0.25, 0.5, 1, np.nan], dtype=np.float32)
    moved = shift_probabilities(p, np.full(6, np.log(3), dtype=np.float32))
    np.testing.assert_allclose(moved, [0, 3e-30, 0.5, 0.75, 1, np.nan], rtol=1e-6)


def coding_genome(seed: int, bp: int, circular: bool, stops: Sequence[str] = ("TAA", "TAG", "TGA")) -> Contig:
    """Return a contig of open reading frames with start signals on both strands, and random DNA between them."""
    rng = np.random.default_rng(seed)
    sense = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in stops]
    often = rng.dirichlet(np.full(len(sense), 0.3))
    parts, size = [], 0
    while size < bp:
        orf = "AGGAGGTAATC" + "ATG" + "".join(rng.choice(sense, p=often, size=int(rng.integers(120, 400)))) + "TAA"
        orf = orf if rng.random() < 0.5 else orf[::-1].translate(str.maketrans("ACGT", "TGCA"))
        parts += [orf, "".join(rng.choice(list("ACGT"), size=int(rng.integers(30, 200))))]
        size += len(orf) + len(parts[-1])
    return Contig("c", np.frombuffer("".join(parts)[:bp].encode(), dtype=np.uint8), circular)


def mirrored(contig: Contig) -> Contig:
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)[COMPLEMENT_OF_CODE[contig.codes[::-1]]]
    return replace(contig, letters=letters)


def as_rows(genes: FoundGenes) -> set[tuple[int, int, bool, float]]:
    columns = (genes.starts, genes.ends, genes.forward, genes.confidence)
    return set(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("circular", [False, True])
def test_a_genome_and_its_reverse_complement_have_the_same_genes_on_swapped_strands(circular: bool) -> None:
    contig = coding_genome(1, 110_000, circular)
    (found,) = find_genes(Genome("g", (contig,))) or ()
    (other,) = find_genes(Genome("g", (mirrored(contig),))) or ()
    length = len(contig)
    back = set()
    for start, end, forward, confidence in as_rows(other):
        shift = length if length - end < 0 else 0
        back.add((length - end + shift, length - start + shift, not forward, confidence))
    assert len(found.starts) > 40
    assert 50 <= found.confidence.min() < found.confidence.max() <= 100
    assert as_rows(found) == back


def test_where_tga_is_no_stop_genes_are_whole_and_the_genetic_code_is_named() -> None:
    """As in Mycoplasma: with the code of most bacteria, each gene would be found in pieces."""
    contig = coding_genome(6, 110_000, False, stops=("TAA", "TAG"))
    (found,) = find_genes(Genome("g", (contig,))) or ()
    usual = coding_genome(6, 110_000, False)
    (others,) = find_genes(Genome("g", (usual,))) or ()
    assert (found.code, others.code) == (4, 11)
    assert (found.ends - found.starts).sum() > 0.88 * len(contig)  # with code 11, 0.73 of it
    finders = [
        GenomeContext.of(TABLE, Genome("g", (one,)), (own,)).finder for one, own in ((contig, found), (usual, others))
    ]
    assert finders[0] == f"{finders[1]}, genetic code 4"
    plasmid = Genome("p", (replace(contig, letters=contig.letters[:9000]),))
    assert [own.code for own in find_genes(plasmid, Genome("g", (contig,))) or ()] == [4]


@pytest.mark.parametrize("turn", [False, True])
def test_a_gene_that_the_end_of_a_contig_cuts_starts_elsewhere(turn: bool) -> None:
    contig = coding_genome(7, 120_000, False)
    genome = Genome("c", (mirrored(contig) if turn else contig,))
    (found,) = find_genes(genome) or ()
    length, last = len(contig), 0 if turn else -1
    assert (found.starts[0] == 0) if turn else (found.ends[-1] == length)
    assert bool(found.forward[last]) is turn
    assert not found.begins[last]
    assert found.begins.sum() == len(found.begins) - 1
    base, strand = (0, "+") if turn else (length - 1, "-")
    (added,) = GenomeContext.of(TABLE, genome, (found,)).log_odds("c", strand, base, base + 1)
    in_a_gene = TABLE.log_odds[1]
    assert np.float32(in_a_gene[0]) < added <= np.float32(in_a_gene[-1])  # but not at its start


def test_letters_that_are_unknown_teach_nothing() -> None:
    letters = coding_genome(1, 110_000, False).letters.copy()
    genome = Genome("g", (Contig("c", letters),))
    assert find_genes(genome) is not None
    letters[:20_000] = ord("N")
    masked = Genome("g", (Contig("c", letters),))
    assert find_genes(masked) is None
    model = as_model("bacteria-tss")
    assert (
        "90,000 bases say little of their genome: no genes can be found in them"
        in caveats_of(masked, host.set_to_host(model, masked))[0]
    )
    nothing = Genome("n", (Contig("n", np.full(150_000, ord("N"), dtype=np.uint8)),))
    assert "no contig contains any A, C, G or T" in caveats_of(nothing, host.set_to_host(model, nothing))[0]


def test_a_reading_frame_that_runs_round_a_circle_is_no_gene() -> None:
    taught, rng = coding_genome(8, 110_000, False), np.random.default_rng(8)
    codons = [a + b + "C" for a in "ACG" for b in "ACG"]  # no stop on either strand
    endless = "ATG" + "".join(rng.choice(codons, size=700))
    ring = Contig("ring", np.frombuffer(endless.encode(), dtype=np.uint8), circular=True)
    both = find_genes(Genome("g", (taught, ring)))
    assert both is not None
    assert (both[1].ends - both[1].starts <= len(ring)).all()
    linear = find_genes(Genome("g", (taught, replace(ring, circular=False))))
    assert linear is not None
    assert len(linear[1].starts) == 1  # a gene, had it an end


def test_the_order_of_contigs_does_not_matter() -> None:
    one, two = coding_genome(1, 50_000, False), replace(coding_genome(2, 60_000, False), name="d")
    forth, back = find_genes(Genome("g", (one, two))), find_genes(Genome("g", (two, one)))
    assert forth is not None
    assert back is not None
    assert [as_rows(genes) for genes in forth] == [as_rows(genes) for genes in back[::-1]]


def test_a_gene_across_the_origin_is_found_on_a_circle() -> None:
    contig = coding_genome(3, 110_000, True)
    (found,) = find_genes(Genome("g", (contig,))) or ()
    inner = next(n for n in range(20, len(found.starts)) if found.ends[n] - found.starts[n] > 600)
    middle = int(found.starts[inner] + found.ends[inner]) // 2
    turned = replace(contig, letters=np.roll(contig.letters, -middle))
    (across,) = find_genes(Genome("g", (turned,)), Genome("g", (contig,))) or ()
    length, wanted = len(contig), (found.starts[inner] - middle, found.ends[inner] - middle)
    assert (wanted[0] % length, wanted[1] + length, bool(found.forward[inner])) in {row[:3] for row in as_rows(across)}


def test_the_genes_of_a_genome_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Contig] = []
    monkeypatch.setattr(
        gene_finder, "_genes_of", lambda contig, _: looked.append(contig) or genes_of((0, len(contig), "+"))
    )
    model = checkpoint_of()
    model = replace(model, metadata=replace(model.metadata, gene_context=TABLE.to_record()))
    genome = Genome("g", (coding_genome(4, 110_000, False),))
    start = host.set_to_host(model, genome)
    assert host.set_to_host(start, genome).context.sha256 == start.context.sha256
    assert find_genes(genome) is find_genes(genome, genome)
    assert len(looked) == 1
    host.set_to_host(model, Genome("g", genome.contigs))  # what another file has
    assert len(looked) == 2


def test_a_plasmid_is_read_with_what_its_host_teaches_and_alone_not_at_all() -> None:
    host, plasmid = (
        coding_genome(4, 110_000, False),
        Contig("p", coding_genome(4, 110_000, False).letters[:9000], False),
    )
    assert find_genes(Genome("p", (plasmid,))) is None
    assert len(plasmid) < LEAST_LEARNT_BP
    both = find_genes(Genome("p", (plasmid,)), Genome("h", (host,)))
    assert both is not None
    assert len(both[0].starts) > 5


def test_blocks_of_any_length_and_both_strands_give_what_the_context_adds_to_the_network() -> None:
    contig = coding_genome(5, 101_000, True)
    genome = Genome("g", (contig,))
    network = DilatedConfig(n_channels=8, dilations_bp=(1, 2))
    model = make_network(network).eval()
    engine = make_engine("torch", model, threads=1)
    context = GenomeContext.of(TABLE, genome, find_genes(genome) or ())

    def signals(block_bp: int, used: GenomeContext | None) -> dict[Strand, np.ndarray]:
        whole = {strand: np.full(len(contig), np.nan, dtype=np.float32) for strand in STRANDS}
        for block in plan_blocks(genome, block_bp, network):
            for piece, values in block.split(score_block(block, genome, engine, network, used)):
                whole[piece.strand][piece.start : piece.end] = values
        return whole

    plain, large, small = signals(1 << 20, None), signals(1 << 20, context), signals(4096, context)
    for strand in STRANDS:
        np.testing.assert_array_equal(large[strand], small[strand])
        odds = np.log(large[strand]) - np.log1p(-large[strand]) - np.log(plain[strand]) + np.log1p(-plain[strand])
        np.testing.assert_allclose(odds, context.log_odds("c", strand, 0, len(contig)), atol=1e-3)


def test_a_table_of_other_classes_is_refused() -> None:
    record = TABLE.to_record()
    assert GeneContext.from_record(record) == TABLE
    for bad in (
        {"from_bp": [0, 1]},
        {"log_odds": {}},
        *({"log_odds": dict.fromkeys(PLACES, [value] * len(FROM_BP))} for value in (float("nan"), 1e308, -21.0)),
    ):
        with pytest.raises((KeyError, ValueError)):
            GeneContext.from_record(record | bad)


@pytest.mark.parametrize("asked", [True, False])
def test_predict_looks_for_genes_once_and_only_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    looked = []
    monkeypatch.setattr(host, "find_genes", lambda *one: looked.append(one) or tuple(genes_of() for _ in GENOME))
    model = checkpoint_of()
    save_checkpoint(tmp_path / "m.safetensors", model.model, replace(model.metadata, gene_context=TABLE.to_record()))
    inputs = Inputs(write_fasta(tmp_path / "g.fa", GENOME), model=str(tmp_path / "m.safetensors"))
    predict_and_build(inputs, tmp_path / "out", config=replace(settings_of(), gene_context=asked))
    assert len(looked) == asked
    assert ("gene_context" in read_provenance(tmp_path / "out")["parameters"]) == asked
