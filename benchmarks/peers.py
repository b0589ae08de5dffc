"""Score every base of stretches of DNA by other tools for promoters; run by leaderboard.py in the tools' environment.

    python benchmarks/peers.py TOOL < stretches.json > scores.json

TOOL is promotercalculator or sigmap. The input is a list of stretches, each with ``letters`` and ``pad_bp``: how many
letters at both ends are context alone. The output has ``plus`` and ``minus``, a score a base of each stretch between
its pads in plus-strand order (null for none), and the CPU-seconds of the scoring.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

BEFORE_BP, WINDOW_BP = 60, 81  # of a window of sigmap: letters before the TSS, and all
_COMPLEMENT = str.maketrans("ACGT", "TGCA")

Scores = list[float | None]


def by_promotercalculator(letters: str, pad_bp: int) -> tuple[Scores, Scores]:
    """Return -dG_total of the best promoter state of each base taken as the TSS."""
    calculator = importlib.import_module("promoter_calculator.promoter_calculator").Promoter_Calculator(
        threads=1, verbosity=0
    )
    calculator.run(letters, TSS_range=[pad_bp, len(letters) - pad_bp], callback=lambda: None)
    found: dict[str, dict[int, dict[str, Any]]] = calculator.output()
    forward, reverse = found["Forward_Predictions_per_TSS"], found["Reverse_Predictions_per_TSS"]
    inside = range(pad_bp, len(letters) - pad_bp)
    plus = [-float(forward[at]["dG_total"]) if at in forward else None for at in inside]
    minus = [-float(reverse[at + 1]["dG_total"]) if at + 1 in reverse else None for at in inside]
    return plus, minus


def by_sigmap(stretches: list[dict[str, Any]]) -> list[tuple[Scores, Scores]]:
    """Return the probability of a promoter of all windows together: sigmap scales its features by what it is given."""
    pandas, sigmap = importlib.import_module("pandas"), importlib.import_module("sigmap")
    windows: list[str] = []
    for one in stretches:
        letters, pad = one["letters"], one["pad_bp"]
        for text in (letters, letters.translate(_COMPLEMENT)[::-1]):
            starts = range(pad - BEFORE_BP, len(letters) - pad - BEFORE_BP)
            windows += [text[start : start + WINDOW_BP] for start in starts]
    table = pandas.DataFrame({"Sequence_ID": [f">{n}" for n in range(len(windows))], "Sequence": windows})
    scores = [float(value) for value in sigmap.SigmaFactor().predict(table)["Score"]]
    found, at = [], 0
    for one in stretches:
        length = len(one["letters"]) - 2 * one["pad_bp"]
        plus, minus = scores[at : at + length], scores[at + length : at + 2 * length]
        found.append((list[float | None](plus), list[float | None](minus[::-1])))
        at += 2 * length
    return found


def main() -> None:
    """Read, score, write."""
    stretches = json.load(sys.stdin)
    started = time.process_time()
    if sys.argv[1] == "sigmap":
        found = by_sigmap(stretches)
    else:
        found = [by_promotercalculator(one["letters"], one["pad_bp"]) for one in stretches]
    cpu_s = time.process_time() - started
    json.dump({"plus": [one[0] for one in found], "minus": [one[1] for one in found], "cpu_s": cpu_s}, sys.stdout)


if __name__ == "__main__":
    main()
