"""Small well-formed inputs of every kind, made from nothing but a seed."""

from __future__ import annotations

import gzip
import io
import json
import multiprocessing
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pysam

from tracktools.config import ModelConfig, PredictConfig
from tracktools.formats.bed import BED6, CALLED_TSS, write_bed
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.bigwig import write_bigwig
from tracktools.formats.twobit import write_twobit
from tracktools.genome import load_genome
from tracktools.hub.build import build_hub
from tracktools.model.checkpoint import Metadata, save_checkpoint
from tracktools.model.transformer import Transformer
from tracktools.predict import Shard, predict_shard
from tracktools.tss.folders import import_folder
from tracktools.tss.importing import ImportRequest
from tracktools.tss.layouts import Layout

SIZES = {"chrA": 1201, "chrB": 407}
NETWORK = ModelConfig(n_layers=1, n_heads=2, d_model=4, d_head=4, conv_width_bp=3, attention_window_bp=20)
GFF = """##gff-version 3
##sequence-region chrA 1 1201
chrA\tx\tgene\t101\t400\t.\t+\t.\tID=g1;Name=abcA;locus_tag=b0001;gene_biotype=protein_coding
chrA\tx\tCDS\t101\t400\t.\t+\t0\tID=c1;Parent=g1;product=a protein
chrB\tx\tpseudogene\t50\t210\t.\t-\t.\tID=g2;Name=xyzB;locus_tag=b0002;pseudo=true
"""
GTF = """chrA\tx\tgene\t101\t400\t.\t+\t.\tgene_id "b0001"; gene "thrL"; note "a; b";
chrA\tx\tCDS\t101\t400\t.\t+\t0\tgene_id "b0001"; transcript_id "t1"; product "x";
"""
GENBANK = """LOCUS       chrA 60 bp DNA circular BCT 01-JAN-2000
DEFINITION  made.
ACCESSION   chrA
VERSION     chrA.1
FEATURES             Location/Qualifiers
     source          1..60
     gene            complement(join(50..60,1..5))
                     /gene="abc"
                     /locus_tag="b1"
     CDS             10..30
                     /product="a protein of many words that goes on
                     over lines"
ORIGIN
        1 acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt
//
"""
EMBL = """ID   X1; SV 1; circular; genomic DNA; STD; PRO; 60 BP.
AC   X1;
FH   Key             Location/Qualifiers
FT   gene            5..30
FT                   /gene="abc"
SQ   Sequence 60 BP;
     acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt acgtacgtac gtacgtacgt        60
//
"""
BEDGRAPH = "track type=bedGraph\nchrA\t0\t10\t1.5\nchrA\t10\t300\t2\nchrB\t5\t9\t-0.25\n"
WIGGLE = "fixedStep chrom=chrA start=5 step=10 span=5\n1\n2.5\nvariableStep chrom=chrB span=2\n5 1\n9 2e3\n"
CHAIN = "chain 1000 chrA 1201 + 0 1200 chrA 1301 + 100 1300 1\n600 10 10\n590\n\n"
MEME = """MEME version 4

ALPHABET= ACGT

MOTIF one abc
letter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0
0.9 0.0 0.1 0.0
0.1 0.2 0.3 0.4
0.25 0.25 0.25 0.25
"""
TRANSFAC = "ID  m1\nP0  A C G T\n01  9 0 1 0  A\n02  1 2 3 4  T\nXX\n//\n"
TABLE = "Rep\tPos\tStrand\tScore\n" + "".join(f"chrA\t{at}\t{'+-'[at % 2]}\t{at * 3}\n" for at in range(20, 400, 37))
LAYOUT = Layout("table", position="Pos", strand="Strand", base="1", chrom="Rep", score="Score")
SAM = "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chrA\tLN:1201\n@SQ\tSN:chrB\tLN:407\n" + "".join(
    f"r{n}\t{16 * (n % 2)}\tchrA\t{10 + 7 * n}\t60\t2S8M2D4M\t*\t0\t0\t{'ACGTACGTACGTAC'}\t*\n" for n in range(12)
)


def samples_of(home: Path) -> dict[str, Path]:
    """Write one file or folder of every kind; return them by kind.

    They are made in a process of its own: torch has threads once it has computed, and then no process may be forked.
    """
    maker = multiprocessing.get_context("spawn").Process(target=make_samples, args=(home,))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("the samples could not be made")
    return {path.name: path for path in sorted(home.iterdir()) if not path.name.endswith((".bai", ".lock"))}


def make_samples(home: Path) -> None:
    """Write one file or folder of every kind."""
    home.mkdir()
    texts = {
        "genes.gff3": GFF, "genes.gtf": GTF, "genome.gbk": GENBANK, "genome.embl": EMBL, "signal.bedgraph": BEDGRAPH,
        "signal.wig": WIGGLE, "lift.chain": CHAIN, "motifs.meme": MEME, "motifs.transfac": TRANSFAC,
        "table.tsv": TABLE, "reads.sam": SAM,
        "settings.toml": '[predict]\nthreads = 3\ncircular = ["plasmid"]\n[tss.curate]\nwindow = 2\n',
    }  # fmt: skip
    for name, text in texts.items():
        (home / name).write_text(text)
    letters = np.random.default_rng(1).choice(list("ACGT"), sum(SIZES.values()))
    parts = np.split(letters, [SIZES["chrA"]])
    fasta = home / "genome.fa"
    fasta.write_text("".join(f">{name} words\n{''.join(part)}\n" for name, part in zip(SIZES, parts, strict=True)))
    (home / "variants.vcf").write_text(_variants("".join(parts[0])))
    for name in ("variants.vcf", "genome.fa", "genes.gff3", "table.tsv", "signal.bedgraph", "genome.gbk"):
        (home / f"{name}.gz").write_bytes(gzip.compress((home / name).read_bytes(), mtime=0))
    genome = load_genome(fasta)
    write_twobit(home / "genome.2bit", ((contig.name, contig.letters) for contig in genome))
    _write_tracks(home)
    _write_workbook(home / "table.xlsx")
    _write_reads(home)
    _write_model_and_shards(home, fasta)
    import_folder([home / "table.tsv"], ImportRequest("one", LAYOUT), home / "imported", genome=genome)
    build_hub([home / "imported", home / "signal.plus.bw"], home / "hub", genome=fasta, genes=home / "genes.gff3")


def _variants(letters: str) -> str:
    """Return VCF lines of a sequence: a substitution, an insertion, a deletion, and what has no letters."""
    lines = ["##fileformat=VCFv4.2", f"##contig=<ID=chrA,length={len(letters)}>"]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for at, new in ((100, "ACGT"), (300, "<DEL>"), (50, "*,T"), (700, "")):
        reference = letters[at - 1 : at + 3] if not new else letters[at - 1]
        lines.append(f"chrA\t{at}\t.\t{reference}\t{new or reference[0]}\t.\tPASS\tDP=3")
    return "\n".join(lines) + "\n"


def _write_tracks(home: Path) -> None:
    starts = np.arange(20, 400, 37)
    table = pd.DataFrame({"chrom": "chrA", "chromStart": starts, "chromEnd": starts + 1, "name": "x", "score": 5})
    table["strand"] = np.where(starts % 2, "-", "+")
    write_bed(home / "tss.bed", table, BED6)
    (home / "tss.bed.gz").write_bytes(gzip.compress((home / "tss.bed").read_bytes(), mtime=0))
    own = {name: 0.5 for name in CALLED_TSS.columns if name not in table}
    write_bed(home / "called.bed", table.assign(**{**own, "split": "none"}), CALLED_TSS)
    write_bigbed(home / "tss.bb", SIZES, table, BED6)
    values = np.random.default_rng(2).random(1201).astype(np.float32)
    for word in ("plus", "minus"):
        write_bigwig(home / f"signal.{word}.bw", SIZES, {"chrA": values, "chrB": values[:407]})


def _write_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    for line in TABLE.splitlines():
        book.active.append([int(cell) if cell.isdigit() else cell for cell in line.split("\t")])
    data = io.BytesIO()
    book.save(data)
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(zipfile.ZipInfo(part.filename), old.read(part))


def _write_reads(home: Path) -> None:
    pysam.view("-b", "-o", str(home / "reads.bam"), str(home / "reads.sam"), catch_stdout=False)
    pysam.index(str(home / "reads.bam"))


def _write_model_and_shards(home: Path, fasta: Path) -> None:
    save_checkpoint(home / "model.safetensors", Transformer(NETWORK), Metadata("random", call_threshold=0.5))
    one = PredictConfig(threads=1)  # this process forks later
    for number in (1, 2):
        predict_shard(
            fasta, home / f"shard{number}", model=home / "model.safetensors", shard=Shard(number, 2), config=one
        )
    (home / "note.json").write_text(json.dumps({"a": [1, {"b": None}]}))
