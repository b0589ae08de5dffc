"""What the header of a checkpoint may say: the values of its fields, checked before anything is computed with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tracktools.descriptor import DINUCLEOTIDES, Descriptor
from tracktools.errors import shown
from tracktools.gene_context import GeneContext

_PARTS = ("train", "valid", "test")
_MOST_LOG_ODDS = 50.0  # of what a curve of expected precision is made of
_LEAST_RATE = 1e-3  # calls per kb: of none, there is no logarithm


def check_header(header: Mapping[str, Any]) -> None:
    """Refuse a header whose values cannot be used, of those fields that are there.

    Raises
    ------
    ValueError
        Naming the field and the value.
    """
    for name, check in _CHECKS.items():
        if header.get(name) is not None:
            try:
                check(header[name])
            except (KeyError, TypeError, ValueError) as error:
                found = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                raise ValueError(f"{name}: {found}") from None
    own = (header.get("reference") or {}).get("specialists") or {"near": [], "elsewhere": []}
    n_members = header.get("config", {}).get("n_members", 1)
    if any(one >= n_members for one in (*own["near"], *own["elsewhere"])):
        raise ValueError(f"reference: {shown(own, 80)} names members of {n_members}")


def _check_threshold(value: object) -> None:
    _numbers([value], 0, 1)


def _check_calibration(record: Mapping[str, Any]) -> None:
    _check_curve(record, "output", "probability")


def _check_expected(record: Mapping[str, Any]) -> None:
    _numbers([record["target"]], 0, 1)
    if "with_genes" not in record:  # by output alone
        _check_curve(record, "output", "precision", "low", "high")
        return
    rates = _ascending(record, "rates", 100, least=_LEAST_RATE)
    _same_number("gc", _ascending(record, "gc", 1), 2)
    for curve in (record["with_genes"], record["without_genes"]):
        _same_number("log_odds", _numbers(curve["log_odds"], -_MOST_LOG_ODDS, _MOST_LOG_ODDS), 3)
        _numbers([curve["spread"]], 0, _MOST_LOG_ODDS)
        _same_number("outputs", _numbers(curve["outputs"], 0, 1), len(rates))


def _check_curve(record: Mapping[str, Any], along: str, *others: str) -> None:
    """Refuse what is no curve of shares by ascending model output."""
    outputs = _ascending(record, along, 1)
    for name in others:
        _same_number(name, _numbers(record[name], 0, 1), len(outputs))


def _ascending(record: Mapping[str, Any], name: str, most: float, *, least: float = 0) -> list[float]:
    """Return ascending numbers within bounds, one at least."""
    values = _numbers(record[name], least, most)
    if any(one > other for one, other in pairwise(values)):
        raise ValueError(f"{name} does not ascend")
    if not values:
        raise ValueError(f"{name} is empty")
    return values


def _same_number(name: str, values: Sequence[float], number: int) -> None:
    if len(values) != number:
        raise ValueError(f"{name} has {len(values)} numbers, and {number} are needed")


def _check_split(records: Sequence[Any]) -> None:
    for record in records:
        if not isinstance(record, dict) or set(record) != {"sequence_sha256", "start", "end", "part"}:
            raise ValueError(f"{shown(record, 80)} is no region")
        start, end = _numbers([record["start"], record["end"]], 0, math.inf)
        whole = isinstance(record["start"], int) and isinstance(record["end"], int)
        if not whole or start > end or record["part"] not in _PARTS or not isinstance(record["sequence_sha256"], str):
            raise ValueError(f"{shown(record, 80)} is no region")


def _check_golden(record: Mapping[str, Any]) -> None:
    if not record:
        return
    if not isinstance(record["sequence"], str):
        raise TypeError(f"sequence is {shown(record['sequence'], 80)}")
    if len(_numbers(record["probabilities"], 0, 1)) != len(record["sequence"]):
        raise ValueError("it has not as many probabilities as letters")
    if "descriptor" in record:
        Descriptor.from_record(record["descriptor"])


def _check_reference(record: Mapping[str, Any]) -> None:
    sizes = set()
    for row in record["genomes"]:
        if not isinstance(row, dict) or not isinstance(row["name"], str) or not isinstance(row["phylum"], str):
            raise ValueError(f"{shown(row, 80)} is no genome")
        sizes.add(len(_numbers(row["values"], -math.inf, math.inf)))
    if sizes != {1 + len(DINUCLEOTIDES)}:
        raise ValueError(f"a genome has {1 + len(DINUCLEOTIDES)} values, and not {shown(sorted(sizes), 80)}")
    _numbers([record["far"]], 0, math.inf)
    if (own := record.get("specialists")) is not None:
        _numbers([own["within"]], 0, math.inf)
        if not isinstance(own["genome"], str) or not all(_is_members(own[name]) for name in ("near", "elsewhere")):
            raise ValueError(f"{shown(own, 80)} says of no members where they serve")


def _is_members(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(one) is int and one >= 0 for one in value)


def _numbers(values: object, least: float, most: float) -> list[float]:
    """Return a list of finite numbers within bounds, refuse anything else."""
    if not isinstance(values, list):
        raise TypeError(f"{shown(values, 80)} is no list of numbers")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{shown(value, 80)} is no number")
        if not least <= value <= most or not abs(value) < math.inf:
            raise ValueError(f"{shown(value, 80)} is out of range")
    return values


def _check_recipe(record: Mapping[str, Any]) -> None:
    warnings = record.get("warnings", ())
    if isinstance(warnings, str) or not all(isinstance(one, str) for one in warnings):
        raise ValueError(f"warnings is {shown(warnings, 80)}")


_CHECKS: dict[str, Callable[[Any], object]] = {
    "call_threshold": _check_threshold,
    "calibration": _check_calibration,
    "expected_precision": _check_expected,
    "split": _check_split,
    "golden": _check_golden,
    "reference": _check_reference,
    "gene_context": GeneContext.from_record,
    "recipe": _check_recipe,
}
