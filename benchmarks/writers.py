"""Writing bigWig and bigBed: CPU seconds and size, compared with pyBigWig and pybigtools, on data of E. coli's length.

Run ``python benchmarks/writers.py``. All writers take turns in one process, so that the ratios hold whatever else the
machine does; the CPU seconds of tracktools include the read-back that it never leaves out. Times are medians.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pybigtools
import pyBigWig

from tracktools.formats.bed import CALLED_TSS, format_columns, sort_bed
from tracktools.formats.bigbed import write_bigbed
from tracktools.formats.bigwig import write_bigwig

LENGTH_BP = 4_641_652
GENOME = {"NC_000913.3": LENGTH_BP}
CHROM = "NC_000913.3"
GOAL = 1.5  # times pyBigWig's CPU seconds

Values = npt.NDArray[np.float32]


def signals() -> dict[str, Values]:
    """Signals like those that tracktools writes."""
    rng = np.random.default_rng(0)
    dense = (rng.random(LENGTH_BP) ** 8).astype(np.float32)
    sparse = np.full(LENGTH_BP, np.nan, dtype=np.float32)
    sites = rng.choice(LENGTH_BP, 60_000, replace=False)
    sparse[sites] = rng.integers(1, 200, len(sites))
    runs = np.repeat(rng.poisson(4, LENGTH_BP // 20), rng.integers(1, 60, LENGTH_BP // 20))[:LENGTH_BP]
    return {
        "predictions, float32": dense,
        "predictions, 4 decimals": dense.round(4),
        "72 % zeros": np.where(rng.random(LENGTH_BP) < 0.72, np.float32(0), dense),
        "60,000 lone bases": sparse,
        "read coverage": np.pad(runs.astype(np.float32), (0, LENGTH_BP - len(runs))),
    }


def with_tracktools(path: Path, values: Values) -> None:
    write_bigwig(path, GENOME, {CHROM: values})


def with_pybigwig(path: Path, values: Values) -> None:
    file = pyBigWig.open(str(path), "w")
    file.addHeader([(CHROM, LENGTH_BP)])
    known = ~np.isnan(values)
    if known.all():  # fixedStep, its smallest and fastest way
        for start in range(0, LENGTH_BP, 1 << 20):
            file.addEntries(CHROM, start, values=values[start : start + (1 << 20)], span=1, step=1)
    else:  # variableStep
        positions = np.flatnonzero(known)
        file.addEntries(CHROM, positions, values=values[known], span=1)
    file.close()


def with_pybigtools(path: Path, values: Values) -> None:
    runs = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    ends = np.append(runs[1:], LENGTH_BP)
    rows = zip(runs.tolist(), ends.tolist(), values[runs].tolist(), strict=True)
    items = ((CHROM, start, end, value) for start, end, value in rows if value == value)
    pybigtools.open(str(path), "w").write(GENOME, items)


def items(n: int) -> pd.DataFrame:
    """Return called TSS, sorted."""
    rng = np.random.default_rng(1)
    start = np.sort(rng.choice(LENGTH_BP, n, replace=False))
    columns = {"chrom": CHROM, "chromStart": start, "chromEnd": start + 1, "score": rng.integers(0, 1001, n)}
    table = pd.DataFrame(columns | {"strand": rng.choice(["+", "-"], n), "modelOutput": rng.random(n)})
    names = [f"pTSS_{CHROM}_{position + 1}_f" for position in start.tolist()]
    return sort_bed(table.assign(name=names, calibrated=rng.random(n), split="test"))


def bigbed_with_tracktools(path: Path, table: pd.DataFrame) -> None:
    write_bigbed(path, GENOME, table, CALLED_TSS)


def bigbed_with_pybigtools(path: Path, table: pd.DataFrame) -> None:
    chroms, starts, ends, *rest = format_columns(table, CALLED_TSS)
    texts = map("\t".join, zip(*rest, strict=True))
    rows = zip(chroms, map(int, starts), map(int, ends), texts, strict=True)
    pybigtools.open(str(path), "w").write(GENOME, rows, autosql=CALLED_TSS.autosql)


def compare(writers: dict[str, Callable[[Path, Any], None]], data: Any, suffix: str, repeats: int) -> list[str]:
    seconds: dict[str, list[float]] = {name: [] for name in writers}
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file" + suffix)
        for _ in range(repeats):
            for name, write in writers.items():
                started = time.process_time()
                write(path, data)
                seconds[name].append(time.process_time() - started)
                sizes[name] = path.stat().st_size
    base = statistics.median(next(iter(seconds.values())))
    base_size = next(iter(sizes.values()))
    return [
        f"{name:<12} {statistics.median(times):8.2f} s {statistics.median(times) / base:6.2f}x"
        f" {sizes[name] / 1e6:9.2f} MB {sizes[name] / base_size:6.2f}x"
        for name, times in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="of which the median is printed (default: 3)")
    repeats = parser.parse_args().repeats
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} CPUs, {LENGTH_BP:,} bp")
    bigwig_writers = {"pyBigWig": with_pybigwig, "tracktools": with_tracktools, "pybigtools": with_pybigtools}
    slowest = 0.0
    for name, values in signals().items():
        rows = compare(bigwig_writers, values, ".bw", repeats)
        print(f"\nbigWig: {name}\n" + "\n".join(rows))
        slowest = max(slowest, float(rows[1].split()[3].removesuffix("x")))
    bigbed_writers = {"pybigtools": bigbed_with_pybigtools, "tracktools": bigbed_with_tracktools}
    print("\nbigBed: 20,000 called TSS (tracktools: with a name index and read-back)")
    print("\n".join(compare(bigbed_writers, items(20_000), ".bb", repeats)))
    print(f"\nbigWig, slowest ratio to pyBigWig: {slowest:.2f} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
