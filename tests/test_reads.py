from __future__ import annotations

import json
import tempfile
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bam_files import SIZES, pair, record, write_bam
from tracktools import cli
from tracktools.config import ReadsConfig
from tracktools.errors import ConfigError, GenomeMismatchError, InputError, OutputError, TracktoolsError
from tracktools.formats.bigwig import BigWigReader, write_bigwig
from tracktools.reads import AlignmentSignal, ValueSignal, alignment_signal, make_read_tracks, strand_agreement
from tracktools.regions import check_on_genome, read_genes, split_parts
from tracktools.tracks import read_tracks

LENGTH = 4641652  # of NC_000913.3
Arrays = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(params=[1 << 16, 7], ids=["one window", "many windows"])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(alignment_signal, "WINDOW_BP", request.param)
    return int(request.param)


def collected(signal: AlignmentSignal | ValueSignal, strand: str) -> Arrays:
    """Return all values of a strand, by chrom, after checking that the windows come in order without gaps."""
    row = signal.strands.index(strand)
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    for chrom, start, values in signal.windows():
        assert start == sum(map(len, parts.get(chrom, [])))
        parts.setdefault(chrom, []).append(values[row])
    return {chrom: np.concatenate(arrays) for chrom, arrays in parts.items()}


def ones(values: npt.NDArray[Any]) -> list[int]:
    return np.flatnonzero(values).tolist()


# --- strands and ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("library", "signal", "plus", "minus"),
    [
        # a read on + over [10, 30), one on - over [50, 70)
        ("forward", "5prime", [10], [69]),
        ("forward", "3prime", [29], [50]),
        ("reverse", "5prime", [50], [29]),
        ("reverse", "3prime", [69], [10]),
    ],
)
def test_ends_are_those_of_the_rna(
    tmp_path: Path, window: int, library: Any, signal: Any, plus: list[int], minus: list[int]
) -> None:
    path = write_bam(tmp_path / "a.bam", [record(1, 10), record(1, 50, flag=0x10)])
    source = AlignmentSignal([path], library=library, config=ReadsConfig(signal=signal))
    assert ones(collected(source, "+")["c2"]) == plus
    assert ones(collected(source, "-")["c2"]) == minus
    assert not collected(source, "+")["c1"].any()


def test_a_pair_covers_its_fragment_once(tmp_path: Path, window: int) -> None:
    path = write_bam(tmp_path / "a.bam", pair(0, 100, 130, read1_reverse=True))  # the mates overlap
    minus = collected(AlignmentSignal([path], library="forward"), "-")["c1"]
    assert ones(minus) == list(range(100, 130))
    assert minus.max() == 1


def test_an_unstranded_library_has_one_track_and_no_ends(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 10, flag=0x10)])
    assert collected(AlignmentSignal([path], library="unstranded"), ".")["c1"][10:30].tolist() == [2] * 20
    with pytest.raises(ConfigError, match="does not tell the 3prime end"):
        AlignmentSignal([path], library="unstranded", config=ReadsConfig(signal="3prime"))


@st.composite
def alignments(draw: st.DrawFn) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 12))):
        contig, start = draw(st.integers(0, 1)), draw(st.integers(0, 200))
        reverse = draw(st.booleans())
        if draw(st.booleans()):
            end = start + draw(st.integers(21, 90))
            records += [r | {"name": f"p{number}"} for r in pair(contig, start, end, read1_reverse=reverse)]
        else:
            cigar = draw(st.sampled_from(["20M", "3S9M", "5M4D6M", "8M30N8M2S", "1M"]))
            records.append(record(contig, start, cigar, 0x10 if reverse else 0))
    return sorted(records, key=lambda r: (r["contig"], r["start"]))


def oracle(records: list[dict[str, Any]], library: str, signal: str) -> dict[str, Arrays]:
    """Count base by base, from the description of the records."""
    counts = {strand: {name: np.zeros(size) for name, size in SIZES.items()} for strand in "+-"}
    operations = {"20M": [20], "3S9M": [9], "5M4D6M": [5, -4, 6], "8M30N8M2S": [8, -30, 8], "1M": [1]}
    for fields in records:
        if "mate" in fields:
            if fields["length"] < 0:
                continue
            bases = list(range(fields["start"], fields["start"] + fields["length"]))
            read1_reverse = bool(fields["flag"] & 0x80)  # the left read faces right
        else:
            bases, position = [], fields["start"]
            for step in operations[fields["cigar"]]:
                bases += range(position, position + step)
                position += abs(step)
            read1_reverse = bool(fields["flag"] & 0x10)
        strand = "-" if read1_reverse != (library == "reverse") else "+"
        ordered = bases if strand == "+" else bases[::-1]
        for base in {"coverage": ordered, "5prime": ordered[:1], "3prime": ordered[-1:]}[signal]:
            counts[strand][list(SIZES)[fields["contig"]]][base] += 1
    return counts


@settings(deadline=None, max_examples=60)
@given(
    alignments(),
    st.sampled_from(["forward", "reverse"]),
    st.sampled_from(["coverage", "5prime", "3prime"]),
    st.sampled_from([11, 64, 1 << 16]),
)
def test_counts_equal_brute_force(records: list[dict[str, Any]], library: Any, signal: Any, window_bp: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment_signal, "WINDOW_BP", window_bp)
        path = write_bam(Path(folder, "a.bam"), records)
        source = AlignmentSignal([path], library=library, config=ReadsConfig(signal=signal))
        expected = oracle(records, library, signal)
        for strand in "+-":
            found = collected(source, strand)
            assert list(found) == list(SIZES)
            for chrom in SIZES:
                np.testing.assert_array_equal(found[chrom], expected[strand][chrom])


def test_coverage_equals_that_of_samtools(data_dir: Path) -> None:
    path = data_dir / "reads/rnaseq_Mtb/ERR262982_1_10000.bam"
    source = AlignmentSignal([path], library="forward")
    with pysam.AlignmentFile(str(path)) as file:
        for strand, reverse in (("+", False), ("-", True)):
            bases = file.count_coverage(
                "AL123456.3",
                0,
                12000,
                quality_threshold=0,
                read_callback=lambda read, reverse=reverse: read.is_reverse == reverse,  # type: ignore[misc]
            )
            found = collected(source, strand)["AL123456.3"]
            unknown = found[:12000] - np.sum(bases, axis=0)  # samtools leaves out N in reads
            assert unknown.min() >= 0
            assert unknown.sum() <= 0.001 * found.sum()
            assert not found[12000:].any()


# --- replicates, scale, genome -------------------------------------------------------------------------------------


def test_replicates_are_summed_or_averaged_and_scaled_each_by_its_own_size(tmp_path: Path, window: int) -> None:
    first = write_bam(tmp_path / "a.bam", [record(0, 10)] * 3 + [record(1, 5, flag=0x10)])
    second = write_bam(tmp_path / "b.bam", [record(0, 20)])
    for config, at_15, at_25, minus in (
        (ReadsConfig(), 3, 4, 1),
        (ReadsConfig(combine="mean"), 1.5, 2, 0.5),
        (ReadsConfig(normalise="cpm"), 750_000, 1_750_000, 250_000),
        (ReadsConfig(normalise="cpm", combine="mean"), 375_000, 875_000, 125_000),
    ):
        source = AlignmentSignal([first, second], library="forward", config=config)
        plus = collected(source, "+")["c1"]
        assert (plus[15], plus[25], plus[35], plus[45]) == (at_15, at_25, plus[25] - plus[15], 0)
        assert collected(source, "-")["c2"][5] == minus


def test_replicates_of_different_genomes_are_refused(tmp_path: Path) -> None:
    first = write_bam(tmp_path / "a.bam", [record(0, 10)])
    second = write_bam(tmp_path / "b.bam", [record(0, 10)], sizes={"c2": 300, "c1": 400})
    with pytest.raises(GenomeMismatchError, match=r"b\.bam: has other sequences in its header than"):
        AlignmentSignal([first, second], library="forward")


@pytest.mark.parametrize(
    ("sizes", "part"),
    [
        ({"c1": 401, "c2": 300}, "was aligned to c1 of 400 bp; c1 of the genome has 401"),
        ({"c1": 399, "c2": 300}, "c1"),
        ({"x": 400}, "is on c1, c2, which the genome does not have"),
    ],
)
def test_another_genome_is_refused(tmp_path: Path, sizes: dict[str, int], part: str) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10)])
    with pytest.raises(GenomeMismatchError) as caught:
        AlignmentSignal([path], library="forward", chrom_sizes=sizes)
    assert part in str(caught.value)


def test_a_genome_in_another_order_with_other_names(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10), record(1, 20)])
    source = AlignmentSignal(
        [path], library="forward", chrom_sizes={"plasmid": 9, "y": 300, "c1": 400}, renames={"c2": "y"}
    )
    output = tmp_path / "out"
    make_read_tracks(source, output, name="x")
    with BigWigReader(output / "x.plus.bw") as reader:
        assert reader.chrom_sizes == {"c1": 400, "y": 300, "plasmid": 9}
        assert ones(reader.values("y", 0, 300)) == list(range(20, 40))
        assert np.isnan(reader.values("plasmid", 0, 9)).all()


@pytest.mark.parametrize("normalise", ["none", "cpm"])
def test_a_file_without_usable_reads_is_refused_and_leaves_nothing(tmp_path: Path, normalise: Any) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, flag=0x400)])
    source = AlignmentSignal([path], library="forward", config=ReadsConfig(normalise=normalise))
    with pytest.raises(InputError, match=r"contains no read that can be used \(left out: 1 duplicate\)"):
        make_read_tracks(source, tmp_path / "out", name="x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.bam"]


# --- bedGraph ------------------------------------------------------------------------------------------------------


def graphs(folder: Path, **texts: str) -> dict[str, Path]:
    paths = {name: folder / f"{name}.bedgraph" for name in texts}
    for name, text in texts.items():
        paths[name].write_text("".join(f"{line.strip()}\n" for line in text.split(";")))
    return paths


def test_bedgraph_values_absent_where_no_file_has_one(tmp_path: Path) -> None:
    g = graphs(tmp_path, p1="c2 1 3 2; c2 3 4 0", p2="c2 2 5 4", m1="c2 0 1 -3", m2="c2 0 2 -5")
    for combine, plus, minus in (("sum", [2, 6, 4, 4], [8, 5]), ("mean", [1, 3, 2, 2], [4, 2.5])):
        source = ValueSignal(
            [g["p1"], g["p2"]],
            [g["m1"], g["m2"]],
            chrom_sizes={"c1": 3, "c2": 6},
            config=ReadsConfig(combine=combine),  # type: ignore[arg-type]
        )
        np.testing.assert_array_equal(collected(source, "+")["c2"], [np.nan, *plus, np.nan])
        np.testing.assert_array_equal(collected(source, "-")["c2"], [*minus, *[np.nan] * 4])
        assert np.isnan(collected(source, "+")["c1"]).all()


@pytest.mark.parametrize(
    ("plus", "minus", "error", "part"),
    [
        ("c1 0 1 -2", "c1 0 1 2", InputError, "contains negative values, -2 to 0, as the plus strand"),
        ("c1 0 1 2", "c1 0 1 2; c1 2 3 -1", InputError, "contains values of both signs, -1 to 2"),
        ("c1 0 9 2", "c1 0 1 2", GenomeMismatchError, "a row ends at 9 on c1, which has 5 bp"),
        (
            "c7 0 1 2",
            "c1 0 1 2",
            GenomeMismatchError,
            "is on c7, which the genome does not have (the genome has c1, NC_000913.3",
        ),
        ("chr 0 1 2; U00096.3 2 3 1", "c1 0 1 2", InputError, "contains NC_000913.3 under two names"),
    ],
)
def test_a_wrong_bedgraph_is_refused(
    tmp_path: Path, plus: str, minus: str, error: type[TracktoolsError], part: str
) -> None:
    g = graphs(tmp_path, plus=plus, minus=minus)
    with pytest.raises(error) as caught:
        list(ValueSignal([g["plus"]], [g["minus"]], chrom_sizes={"c1": 5, "NC_000913.3": 5}).windows())
    assert part in str(caught.value)


def test_bedgraph_settings_that_make_no_sense(tmp_path: Path) -> None:
    g = graphs(tmp_path, plus="c1 0 1 2", minus="c1 0 1 2")
    with pytest.raises(ConfigError, match="1 plus and 0 minus files"):
        ValueSignal([g["plus"]], [], chrom_sizes={"c1": 5})
    with pytest.raises(ConfigError, match="counts per million need reads"):
        ValueSignal([g["plus"]], [g["minus"]], chrom_sizes={"c1": 5}, config=ReadsConfig(normalise="cpm"))


# --- real data: the strands are right ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def termseq(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Return the folder of the Term-seq tracks, and the genes."""
    sizes = {"NC_000913.3": LENGTH}
    folder = data_dir / "reads/termseq_Ecoli"
    plus, minus = ([folder / f"{word}_{i}.bedgraph.gz" for i in (1, 2)] for word in ("forward", "reverse"))
    source = ValueSignal(plus, minus, chrom_sizes=sizes, config=ReadsConfig(combine="mean"))
    output = tmp_path_factory.mktemp("termseq") / "out"
    genes = check_on_genome(read_genes(data_dir / "annotation/U00096.3.genbank.gff3.gz"), sizes)
    make_read_tracks(source, output, name="termseq", genes=genes)
    return output, genes


@pytest.mark.parametrize(("strand", "other"), [("+", "-"), ("-", "+")])
def test_termseq_reads_end_behind_the_genes_of_their_own_strand(
    termseq: tuple[Path, pd.DataFrame], strand: str, other: str
) -> None:
    folder, genes = termseq
    with BigWigReader(folder / f"termseq.{'plus' if strand == '+' else 'minus'}.bw") as reader:
        values = np.nan_to_num(reader.values("NC_000913.3", 0, LENGTH)).astype(np.float64)
    parts = split_parts(genes[~genes["is_pseudo"]], {"NC_000913.3": LENGTH})
    rows = list(zip(parts["start"], parts["end"], parts["strand"], strict=True))
    behind = {"+": 0.0, "-": 0.0}
    for left, right in pairwise(rows):
        if left[2] == right[2]:  # between convergent genes, both strands end
            low, high = (left[1], min(left[1] + 100, right[0]))
            if left[2] == "-":
                low, high = max(right[0] - 100, left[1]), right[0]
            behind[left[2]] += float(values[low:high].sum())
    assert behind[strand] > 10 * behind[other]


@pytest.mark.parametrize("strand", ["+", "-"])
def test_termseq_ends_on_the_last_base_of_transfer_rna(termseq: tuple[Path, pd.DataFrame], strand: str) -> None:
    folder, genes = termseq
    offsets = []
    with BigWigReader(folder / f"termseq.{'plus' if strand == '+' else 'minus'}.bw") as reader:
        for _, gene in genes[(genes["biotype"] == "tRNA") & (genes["strand"] == strand)].iterrows():
            last = gene["end"] - 1 if strand == "+" else gene["start"]
            around = np.nan_to_num(reader.values("NC_000913.3", last - 20, last + 21))
            if around.max() > 0:
                offsets.append(int(around.argmax()) - 20)
    assert len(offsets) > 30
    assert np.mean(np.array(offsets) == 0) > 0.5
    assert np.mean(np.abs(offsets) == 1) < 0.2


def test_strand_agreement_tells_flipped_strands(termseq: tuple[Path, pd.DataFrame]) -> None:
    folder, genes = termseq
    plus, minus = folder / "termseq.plus.bw", folder / "termseq.minus.bw"
    sizes = {"NC_000913.3": LENGTH}
    share = strand_agreement(plus, minus, genes, sizes)
    assert share > 0.95
    assert strand_agreement(minus, plus, genes, sizes) == pytest.approx(1 - share, abs=1e-9)
    assert json.loads((folder / "provenance.json").read_text())["parameters"]["strand_agreement"] == round(share, 4)


def test_strand_agreement_leaves_out_what_two_strands_share(tmp_path: Path) -> None:
    rows = [("c1", 10, 30, "+"), ("c1", 20, 50, "-"), ("c1", 395, 405, "+")]  # the last one crosses the origin
    genes = pd.DataFrame(rows, columns=["chrom", "start", "end", "strand"])
    genes["parts"] = [((start, end),) for start, end in zip(genes["start"], genes["end"], strict=True)]
    plus, minus = np.full(400, np.nan), np.zeros(400)
    plus[[4, 5, 15, 25, 40, 399]] = [1, 99, 2, 99, 4, 8]
    minus[[15, 25, 45, 60]] = [16, 99, 32, 99]
    for path, values in ((tmp_path / "plus.bw", plus), (tmp_path / "minus.bw", minus)):
        write_bigwig(path, SIZES, {"c1": values})
    share = strand_agreement(tmp_path / "plus.bw", tmp_path / "minus.bw", genes, SIZES)
    assert share == (1 + 2 + 8 + 32) / (1 + 2 + 8 + 32 + 4 + 16)


def test_no_signal_in_genes_is_said_and_not_stored_as_a_number(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10)])
    genes = read_genes_of(tmp_path, "c2\tx\tgene\t1\t100\t.\t+\t.\tID=g\n")
    make_read_tracks(AlignmentSignal([path], library="forward"), tmp_path / "out", name="x", genes=genes)
    record_of_run = json.loads((tmp_path / "out" / "provenance.json").read_text(), parse_constant=pytest.fail)
    assert record_of_run["parameters"]["strand_agreement"] is None


def read_genes_of(folder: Path, text: str) -> pd.DataFrame:
    path = folder / "genes.gff3"
    path.write_text(text)
    return read_genes(path)


def test_termseq_values_are_those_of_the_files(termseq: tuple[Path, pd.DataFrame], data_dir: Path) -> None:
    folder, _ = termseq
    frames = [
        pd.read_csv(data_dir / f"reads/termseq_Ecoli/reverse_{i}.bedgraph.gz", sep="\t", header=None) for i in (1, 2)
    ]
    expected = np.zeros(LENGTH)
    for frame in frames:
        for start, end, value in frame[frame[3] != 0][[1, 2, 3]].to_numpy():
            expected[int(start) : int(end)] += value / 2
    with BigWigReader(folder / "termseq.minus.bw") as reader:
        found = reader.values("NC_000913.3", 0, LENGTH)
    np.testing.assert_array_equal(np.nan_to_num(found), expected.astype(np.float32))


def test_reads_of_m_tuberculosis_are_on_the_strand_of_its_first_genes(data_dir: Path, tmp_path: Path) -> None:
    paths = sorted((data_dir / "reads/rnaseq_Mtb").glob("*.bam"))
    make_read_tracks(AlignmentSignal(paths, library="forward"), tmp_path / "out", name="mtb")
    sums = {}
    for word in ("plus", "minus"):
        with BigWigReader(tmp_path / "out" / f"mtb.{word}.bw") as reader:
            assert reader.chrom_sizes == {"AL123456.3": 4411532}
            sums[word] = float(reader.values("AL123456.3", 0, 10000).sum())
    assert sums["plus"] > 10 * sums["minus"]  # dnaA, dnaN, recF, gyrB, gyrA: all on +


# --- the folder and the command ------------------------------------------------------------------------------------


def test_the_folder_is_a_pair_of_tracks(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10), record(0, 50, flag=0x10), record(0, 50, flag=0x400)])
    output = tmp_path / "deep" / "out"
    returned = make_read_tracks(AlignmentSignal([path], library="reverse"), output, name="my-reads")
    tracks = read_tracks(output)
    assert [(t.name, t.strand, t.group, t.path.name, t.color) for t in tracks] == [
        ("my_reads_plus", "+", "reads", "my-reads.plus.bw", "0,114,178"),
        ("my_reads_minus", "-", "reads", "my-reads.minus.bw", "213,94,0"),
    ]
    assert [t.path for t in returned] == [t.path for t in tracks]
    parameters = json.loads((output / "provenance.json").read_text())["parameters"]
    assert parameters["library"] == "reverse"
    assert parameters["records"] == {
        str(path): {
            "read": 3,
            "pairs": 0,
            "reads_alone": 2,
            "reads_of_a_pair_alone": 0,
            "left_out": {"duplicate": 1},
        }
    }
    with pytest.raises(OutputError, match=r"is not empty \(--force replaces it\)"):
        make_read_tracks(AlignmentSignal([path], library="reverse"), output, name="x")
    make_read_tracks(AlignmentSignal([path], library="unstranded"), output, name="x", force=True)
    assert sorted(p.name for p in output.iterdir()) == ["provenance.json", "tracks.tsv", "x.bw"]


def test_a_name_that_is_a_path_is_refused(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10)])
    for name in ("../x", "a b", "", "ä"):
        with pytest.raises(ConfigError, match="a track name has letters"):
            make_read_tracks(AlignmentSignal([path], library="forward"), tmp_path / "out", name=name)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli.tracktools, [str(argument) for argument in arguments])


def test_the_command_warns_of_flipped_strands(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10)] * 9 + [record(0, 10, flag=0x10)])
    gff3 = tmp_path / "a.gff3"
    gff3.write_text("c1\tx\tgene\t1\t100\t.\t+\t.\tID=g\n")
    for library, part in (("forward", "90.0 % of the signal"), ("reverse", "only 10.0 % of the signal")):
        output = tmp_path / library
        result = run("reads", path, "--library", library, "--name", "x", "--annotation", gff3, "-o", output)
        assert result.exit_code == 0, result.output
        *tracks, counts = result.stdout.splitlines()
        assert tracks == [str(output / "x.plus.bw"), str(output / "x.minus.bw")]
        assert counts == "Read 1 row of a.gff3: 1 taken, 0 left out"
        assert part in result.stderr


def test_the_annotation_of_another_genome_is_refused_by_its_name(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10)])
    gff3 = tmp_path / "other.gff3"
    gff3.write_text("c9\tx\tgene\t1\t100\t.\t+\t.\tID=g\n")
    output = tmp_path / "out"
    result = run("reads", path, "--library", "forward", "--name", "x", "--annotation", gff3, "-o", output)
    assert isinstance(result.exception, GenomeMismatchError)
    assert str(result.exception).startswith(f"{gff3}: is on c9, which the genome does not have (the genome has c1, c2")
    assert not output.exists()


def test_memory_does_not_grow_with_the_genome(tmp_path: Path) -> None:
    peaks = []
    for size in (5_000_000, 50_000_000):
        path = write_bam(tmp_path / f"{size}.bam", [record(0, 10), record(0, size - 100)], sizes={"c1": size})
        signal = AlignmentSignal([path], library="forward")
        tracemalloc.start()
        total = sum(float(values[0].sum()) for _, _, values in signal.windows())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total == 40
    assert peaks[1] < 1.2 * peaks[0] < 20e6


def test_the_command_reads_bedgraph_by_alias_and_by_rename(tmp_path: Path) -> None:
    g = graphs(tmp_path, plus="chr 0 1 2", minus="odd 2 3 4")
    fasta = tmp_path / "genome.fa"
    fasta.write_text(">NC_000913.3\nACGTACGTAC\n")
    options = ["--genome", fasta, "--name", "t", "--rename", "odd=NC_000913.3", "-o", tmp_path / "out"]
    result = run("reads", "--plus", g["plus"], "--minus", g["minus"], *options)
    assert result.exit_code == 0, result.output
    with BigWigReader(tmp_path / "out" / "t.minus.bw") as reader:
        assert ones(np.nan_to_num(reader.values("NC_000913.3", 0, 10))) == [2]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["a.bam"], "BAM needs --library"),
        ([], "name either BAM files, or the files of each strand"),
        (["a.bam", "--plus", "p"], "name either BAM files, or the files of each strand"),
        (["a.bam", "--library", "unstranded", "--annotation", "g"], "an unstranded library has none"),
        (["--plus", "p", "--minus", "m", "--genome", "g", "--library", "forward"], "are for BAM"),
        (["--plus", "p", "--minus", "m", "--genome", "g", "--signal", "5prime"], "are for BAM"),
        (["--plus", "p", "--minus", "m", "--genome", "g", "--rename", "x"], "'x' is not OLD=NEW"),
    ],
)
def test_usage_errors(tmp_path: Path, arguments: list[str], part: str) -> None:
    result = run("reads", *arguments, "--name", "x", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert part in result.output


def test_one_bedgraph_for_both_strands_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bedgraph"
    path.write_text("chr\t0\t3\t1\n")
    with pytest.raises(ConfigError, match=r"a.bedgraph is named for both strands"):
        ValueSignal([path], [tmp_path / "x" / ".." / "a.bedgraph"], chrom_sizes={"chr": 9})
