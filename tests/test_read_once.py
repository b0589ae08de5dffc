"""`predict --hub` parses each input file once: what it has read, it passes on."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

from runs import GENOME, checkpoint_of, settings_of
from tracktools.formats import input_file
from tracktools.model.checkpoint import save_checkpoint
from tracktools.pipeline.predict_hub import Inputs, predict_and_build

PADDING = 1 << 18  # bytes of comments, so that looking at the head of a file to recognise it counts for little
GENE = "linear\tx\tgene\t101\t400\t.\t+\t.\tID=a;Name=abcA\n"


@pytest.fixture
def read_bytes(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """Bytes that were read of each file."""
    counts: Counter[Path] = Counter()
    plain = input_file._open

    class Counted(io.FileIO):
        def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
            n = super().readinto(buffer)
            counts[Path(self.name)] += n or 0
            return n

    def opened(path: Path, *, pipe: bool) -> io.BufferedIOBase:
        return io.BufferedReader(Counted(path), 4096) if path.is_file() else plain(path, pipe=pipe)

    monkeypatch.setattr(input_file, "_open", opened)
    return counts


def write_fasta(path: Path) -> Path:
    letters = {contig.name: contig.letters.tobytes().decode() for contig in GENOME}
    path.write_text("".join(f">{name} {'x' * PADDING}\n{text}\n" for name, text in letters.items()))
    return path


@pytest.mark.parametrize("annotated", [True, False])
def test_predict_with_a_hub_reads_genome_and_annotation_once(
    tmp_path: Path, read_bytes: Counter[Path], annotated: bool
) -> None:
    fasta, gff, model = write_fasta(tmp_path / "g.fa"), tmp_path / "g.gff3", tmp_path / "m.safetensors"
    gff.write_text("##gff-version 3\n" + f"#{'x' * 999}\n" * (PADDING // 1000) + GENE)
    checkpoint = checkpoint_of()
    save_checkpoint(model, checkpoint.model, checkpoint.metadata)
    inputs = Inputs(fasta, model=str(model), annotation=gff if annotated else None)
    predict_and_build(inputs, tmp_path / "tracks", hub=tmp_path / "hub", config=settings_of())
    assert (tmp_path / "hub" / "genes.bb").is_file() == annotated
    assert 1 <= read_bytes[fasta] / fasta.stat().st_size < 1.5
    if annotated:
        assert 2 <= read_bytes[gff] / gff.stat().st_size < 2.9, (
            "its rows once, and its checksum for the page of the hub"
        )
