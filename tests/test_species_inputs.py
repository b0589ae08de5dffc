"""The sheet of a training on many species, its windows, and what a batch is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from species_files import write_sheet, write_windows
from tracktools.config import ConditionedConfig, DilatedConfig, MixtureConfig, TrainConfig
from tracktools.descriptor import Reference
from tracktools.errors import InputError, TracktoolsError
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.model.dilated import Dilated
from tracktools.train.sheet import read_sheet
from tracktools.train.species_run import _seen_before
from tracktools.train.species_task import SpeciesTask, check_left_out
from tracktools.train.species_windows import read_species_windows

NETWORK = ConditionedConfig(n_channels=8, stem_width_bp=7, dilations_bp=(1, 2, 4, 8), n_hidden=4)
SMALL = MixtureConfig(stretch_bp=300, main_stretches=3, other_stretches=2, windows=40)


def task_of(folder: Path, *leave_out: str, mixture: MixtureConfig = SMALL) -> SpeciesTask:
    """Return the task of the made-up sheet."""
    return SpeciesTask(read_sheet(write_sheet(folder)), TrainConfig(seed=3), NETWORK, mixture, leave_out)


def test_a_sheet_is_read_with_paths_next_to_it(tmp_path: Path) -> None:
    sheet = read_sheet(write_sheet(tmp_path))
    assert sheet.main.species == "Main species"
    assert sheet.main.fasta == tmp_path / "main.fa"
    assert [row.role for row in sheet.genomes] == ["main", "train"]
    assert sheet.windows[0].phyla == {"Betas": "Betota"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('role = "main"', 'role = "leader"', "role is 'leader'.*main, train or held_out"),
        ('role = "main"', 'role = "train"', "0 genomes of role main"),
        ('tss = "rich.bed"', "", r"\[\[genome\]\] has no tss"),
        ('fasta = "rich.fa"', 'fasta = "gone.fa"', "gone.fa, which is no file"),
        ('fasta = "rich.fa"', 'fasta = "rich.fa"\nweight = -1', "weight is -1.*a number above 0"),
        ('fasta = "rich.fa"', 'fasta = "rich.fa"\nweigth = 2', "has a key 'weigth'.*known keys"),
        ('fasta = "rich.fa"', 'fasta = "rich.fa"\nsplit = "a.bed"', "only the main genome"),
        ('species = "Rich species"', 'species = "Main species"', "Main species is there twice"),
        ('leave_out = ["Bad one 3"]', 'leave_out = "Bad one 3"', "leave_out is 'Bad one 3'.*a list of names"),
        ('"fractions 0.6,0.2,0.2"', '"fractions 0.6,b"', "split is 'fractions 0.6,b'.*write fractions 0.7,0.1,0.2"),
        ('"fractions 0.6,0.2,0.2"', '"parts.bed"', "parts.bed, which is no file"),
        ("[[windows]]", "[[window]]", "has a table 'window'"),
        ("[[windows]]", "[windows]", "with two brackets"),
        ("[[windows]]", "[[windows]", "is not TOML"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write_sheet(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_sheet(path)


def test_windows_of_distrusted_and_held_out_species_are_left_out(tmp_path: Path) -> None:
    row = read_sheet(write_sheet(tmp_path)).windows[0]
    assert [one.species for one in read_species_windows(row)] == ["Aus bus 1", "Cus dus 2"]
    for name in ("Betas", "Betota", "Cus", "Cus dus 2"):
        assert [one.species for one in read_species_windows(row, [name])] == ["Aus bus 1"]


def test_other_tss_in_a_window_are_marked_where_the_letters_agree(tmp_path: Path) -> None:
    write_sheet(tmp_path)
    genome = "".join(np.random.default_rng(5).choice(list("ACGT"), 400))
    back = genome[::-1].translate(str.maketrans("ACGT", "TGCA"))
    rows = ["species\tposition\tstrand\ttss_index\tsequence"]
    for at in (150, 170):
        rows.append(f"Aus bus 1\t{at + 1}\t+\t50\t{genome[at - 50 : at + 50]}")
        rows.append(f"Aus bus 1\t{at + 1}\t-\t50\t{back[399 - at - 50 : 399 - at + 50]}")
    rows.append(f"Aus bus 1\t181\t+\t50\t{'A' * 100}")  # near, by its position, but from another sequence
    (tmp_path / "tss.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (one,) = read_species_windows(read_sheet(tmp_path / "sheet.toml").windows[0])
    marked = [np.flatnonzero(row).tolist() for row in one.is_tss[one.around_tss]]
    assert marked == [[50, 70], [30, 50], [30, 50], [50, 70], [50]]  # downstream on + is upstream on -


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("tss.tsv", "tss_index", "index", "no column tss_index"),
        ("tss.tsv", "\t50\t", "\t950\t", "tss_index 950 is outside"),
        ("tss.tsv", "\t50\t", "\tfive\t", "tss_index 'five' is no number"),
        ("tss.tsv", "\t+\t", "\t.\t", "the strand is '.'"),
        ("tss.tsv", "Aus bus 1\t", "\t", "tss.tsv:2: has no species"),
        ("random.tsv", "Aus bus 1\t500", "Aus bus 1\nAus bus 1\t500", "random.tsv:2: has no sequence"),
        ("species.tsv", "Aus bus 1\tAlphas", "Aus bus 1\t", "species.tsv:2: has no lineage"),
        ("species.tsv", "Cus dus 2", "Cus eus 2", "Cus dus 2 has no line"),
        ("random.tsv", "Cus dus 2", "Cus eus 2", "Cus dus 2 has no windows around random positions"),
    ],
)
def test_what_is_wrong_with_windows_is_said(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    row = read_sheet(write_sheet(tmp_path)).windows[0]
    text = (tmp_path / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_species_windows(row)


def test_batches_repeat_and_hold_what_the_network_must_see(tmp_path: Path) -> None:
    task = task_of(tmp_path)
    mixture = task.draw()
    stretches, windows = mixture.batch(7)
    again = task.draw().batch(7)[1]
    assert np.array_equal(windows.codes, again.codes)
    assert np.array_equal(windows.features, again.features)
    assert not np.array_equal(windows.codes, mixture.batch(8)[1].codes)
    reach = NETWORK.halo_upstream_bp
    assert stretches.codes.shape == (5, 300)
    assert stretches.is_tss.shape == (5, 300 - 2 * reach, 1)
    for part in (stretches, windows):
        for codes, is_tss in zip(part.codes, part.is_tss[..., 0], strict=True):
            for at in np.flatnonzero(is_tss) + reach:
                assert codes[at - 12 : at - 6].tolist() == [3, 0, 3, 0, 0, 3]  # TATAAT before every TSS


def test_the_offset_is_how_much_more_often_a_window_has_a_tss(tmp_path: Path) -> None:
    parts = task_of(tmp_path).draw()
    windows = parts.batch(0)[1]
    scored = 90 - 2 * NETWORK.halo_upstream_bp
    share = 0.5 / scored
    assert windows.offset[0] == pytest.approx(np.log(share / (1 - share)) - np.log(5e-4 / (1 - 5e-4)), abs=0.05)
    assert not parts.batch(0)[0].offset.any()


def test_half_of_the_genomes_are_told_by_their_gc_content_alone(tmp_path: Path) -> None:
    features = np.concatenate([task_of(tmp_path).draw().batch(step)[1].features for step in range(10)])
    alone = features[:, 1] == 0
    assert 0.35 < alone.mean() < 0.65
    assert not features[alone, 2:].any()
    assert features[~alone, 2:].any(axis=1).all()


def test_a_phylum_left_out_plays_no_part(tmp_path: Path) -> None:
    task = task_of(tmp_path, "Betota", "Richota")
    assert [one.species for one, _ in task.windows] == ["Aus bus 1"]
    assert task.others == []
    assert [name for name, _, _ in task.reference.genomes] == ["Aus bus 1", "Main species"]
    assert task.left_out_species == {"Cus dus 2", "Bad one 3", "Rich species"}
    for name in ("Mainota", "Main"):
        with pytest.raises(TracktoolsError, match="cannot be left out"):
            check_left_out([name], task.sheet)
    with pytest.raises(TracktoolsError, match="there is no 'Betotta' to leave out"):
        check_left_out(["Betota", "Betotta"], task.sheet)
    (row,) = task.sheet.windows
    sheet = replace(task.sheet, windows=(replace(row, leave_out=("Bad one",)),))
    with pytest.raises(TracktoolsError, match="leave_out has 'Bad one', which is no species or lineage of it"):
        check_left_out([], sheet)


def test_a_start_that_learnt_what_is_left_out_is_told(tmp_path: Path) -> None:
    task = task_of(tmp_path, "Betota")
    rows = tuple((name, "phylum", (0.4, *[0.0] * 10)) for name in ("Aus bus 1", "Cus dus 2"))
    start = Checkpoint(Dilated(DilatedConfig()), Metadata("wise", reference=Reference(rows, 1.0).to_record()))
    assert _seen_before(start, task) == ["wise learnt from what is left out here: Cus dus 2"]


def test_a_genus_leaves_out_genomes_as_it_does_windows(tmp_path: Path) -> None:
    assert task_of(tmp_path, "Rich").others == []
    text = (tmp_path / "sheet.toml").read_text(encoding="utf-8").replace('lineage = ["Richota", "Rich"]', "")
    (tmp_path / "sheet.toml").write_text(text, encoding="utf-8")
    sheet = read_sheet(tmp_path / "sheet.toml")
    assert SpeciesTask(sheet, TrainConfig(seed=3), NETWORK, SMALL, ("Rich",)).others == []


def test_the_parts_of_the_main_genome_are_read_next_to_the_sheet(tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    (tmp_path / "parts.bed").write_text("main\t0\t9000\ttrain\nmain\t9000\t12000\tvalid\n", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("fractions 0.6,0.2,0.2", "parts.bed"), encoding="utf-8")
    split = SpeciesTask(read_sheet(path), TrainConfig(seed=3), NETWORK, SMALL, ()).split
    assert [(one.start, one.end, one.part) for one in split.regions] == [(0, 9000, "train"), (9000, 12000, "valid")]
    with pytest.raises(TracktoolsError, match="nothing is left"):
        task_of(tmp_path, "Betota", "Alphas", "Richota").draw()


def test_windows_homologous_to_what_is_judged_are_left_out_and_remembered(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path)
    write_windows(tmp_path, {"Aus bus 1": ("Alphas", 0.4)}, around_bp=50, count=20)
    task = SpeciesTask(read_sheet(sheet), TrainConfig(seed=3), NETWORK, SMALL)
    contig = task.main_genome.contigs[0]
    region = next(iter(task.split.regions_of(contig, "test")))
    copy = contig.letters[region.start + 200 : region.start + 290].tobytes().decode()
    text = (tmp_path / "tss.tsv").read_text(encoding="utf-8") + f"Aus bus 1\t90001\t+\t50\t{copy}\n"
    (tmp_path / "tss.tsv").write_text(text, encoding="utf-8")
    kept = tmp_path / "homologues.safetensors"
    codes = ["ACGT".index(letter) for letter in copy]
    for _ in range(2):
        fresh = SpeciesTask(read_sheet(sheet), TrainConfig(seed=3), NETWORK, SMALL, (), kept)
        ((one, _),) = fresh.windows
        assert int(one.around_tss.sum()) >= 18
        assert not (one.codes == codes).all(axis=1).any()
        assert kept.exists()
    for other in (b"a file of the user's", kept.read_bytes()[:-1]):
        kept.write_bytes(other)
        fresh = SpeciesTask(read_sheet(sheet), TrainConfig(seed=3), NETWORK, SMALL, (), kept)
        with pytest.raises(
            TracktoolsError, match=r"homologues\.safetensors: .*delete it, if it is not a file of yours"
        ):
            _ = fresh.windows
        assert kept.read_bytes() == other
