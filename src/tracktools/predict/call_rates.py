"""The expected precision of calls by how many of a genome are as high: what held-out species taught.

The same output means more on one genome than on another, because the composition shifts all outputs of a genome. How
many calls of a genome are as high or higher, for each of its thousands of bases, says more: bacteria have about as many
TSS for their length. It is counted in a sample of the genome (`tracktools.engine.sample`), so that shards and regions
are judged as the whole. Genomes rich in GC have fewer right calls among as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from tracktools.arrays import Bool, Float64, Floating
from tracktools.engine.backwards import context_of, gain_over_backwards
from tracktools.engine.sample import call_sample, outputs_along, sampled_calls
from tracktools.predict.expected import Expected

if TYPE_CHECKING:
    from tracktools.engine.interface import Engine
    from tracktools.genome import Genome
    from tracktools.model.checkpoint import Checkpoint

LEAST_RATE = 0.05  # calls per kb: fewer are too few to learn from, and count as so many
RATES = (0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.1, 1.6)  # calls per kb of genome, both strands
FLOOR = 0.02  # the lowest output that may be called
LEAST_KB = 50  # of a sample: with less, the outputs of held-out species at these rates are taken
_TYPICAL_KB = 1000  # of the genome that is as others on average
_RIDGE = 1.0  # of what the GC content does, where a species counts as 100 calls
_SPREAD = 2.8  # quantile 97.5 % of Student's t with four degrees of freedom: there are few species


class Judged(NamedTuple):
    """What is expected of a model's calls on a genome of which it knows no TSS, and whether they are promoters at all.

    Parameters
    ----------
    expected : Expected or None
        None if the model says nothing of it.
    gain : float or None
        See `gain_over_backwards`: below `LEAST_GAIN`, how precise the calls are is not known.
    """

    expected: Expected | None
    gain: float | None


def judge_calls(genome: Genome, model: Checkpoint, engine: Engine, *, doubting: bool = True) -> Judged:
    """Judge the calls of a model by a sample of a genome of which it knows no TSS.

    Parameters
    ----------
    genome : Genome
    model : Checkpoint
        Set to the genome, see `set_to_host`.
    engine : Engine
        Computes the sample; not used for a model that says nothing of its precision.
    doubting : bool
        Whether to find out the gain over the network reading backwards, which takes as long as the sample.
    """
    record = model.metadata.expected_precision
    if record is None:
        return Judged(None, None)
    context, sample = context_of(model, genome) if doubting else model.context, call_sample(genome)
    by_rate, compared = "with_genes" in record, doubting and context is not None
    outputs = list(outputs_along(engine, model.config, genome, context, sample)) if by_rate or compared else []
    gain = gain_over_backwards(engine, model, genome, context, sample, outputs) if compared else None
    if not by_rate:
        return Judged(Expected.from_record(record), gain)
    genes, gc = model.context is not None, model.descriptor.gc if model.descriptor else genome.gc_content
    calls = sampled_calls(outputs, FLOOR, genes=genes)
    return Judged(CallRates.from_record(record).on(calls.outputs, calls.kb, gc, genes=genes), gain)


@dataclass(frozen=True)
class RateCurve:
    """How precise calls are, by how many of the genome are as high.

    Parameters
    ----------
    log_odds : tuple of float, 3 values
        Of being right: at one call per kb and a GC content of one half; more for each e-fold of calls per kb; more for
        each unit of GC content.
    spread : float
        Half the interval in which another species is expected, in log-odds.
    outputs : tuple of float
        That held-out species reach at each of the rates, on average.
    """

    log_odds: tuple[float, float, float]
    spread: float
    outputs: tuple[float, ...]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read one of the curves of `learn_call_rates`."""
        start, by_rate, by_gc = map(float, record["log_odds"])
        return cls((start, by_rate, by_gc), float(record["spread"]), tuple(map(float, record["outputs"])))

    def of(self, rate: Floating, gc: float) -> Float64:
        """Return the log-odds of being right of calls of these rates [calls per kb]."""
        start, by_rate, by_gc = self.log_odds
        return np.asarray(start + by_rate * np.log(np.maximum(rate, LEAST_RATE)) + by_gc * (gc - 0.5))


@dataclass(frozen=True)
class CallRates:
    """What held-out species taught, as a checkpoint has it (`Metadata.expected_precision`).

    Parameters
    ----------
    rates : tuple of float
        Calls per kb of genome, both strands, ascending: where the outputs of a genome are looked up.
    with_genes, without_genes : RateCurve
        For outputs with and without what the genes add.
    gc : tuple of float
        GC content of the species, from and to: others count as the nearest of these.
    target : float
        See `Expected`.
    """

    rates: tuple[float, ...]
    with_genes: RateCurve
    without_genes: RateCurve
    gc: tuple[float, float]
    target: float

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `learn_call_rates` gives; other keys of it are not read."""
        gc = (float(record["gc"][0]), float(record["gc"][1]))
        with_genes, without_genes = (
            RateCurve.from_record(record["with_genes"]),
            RateCurve.from_record(record["without_genes"]),
        )
        return cls(tuple(map(float, record["rates"])), with_genes, without_genes, gc, float(record["target"]))

    def on(self, outputs: Floating, kb: float, gc: float, *, genes: bool) -> Expected:
        """Return the expected precision by output on a genome.

        Parameters
        ----------
        outputs : ndarray, shape (calls,)
            Of the calls in a sample of the genome from `FLOOR` on, the highest first.
        kb : float
            Thousands of bases in the sample.
        gc : float
            GC content of the genome.
        genes : bool
            Whether the outputs contain what the genes add.
        """
        curve = self.with_genes if genes else self.without_genes
        if kb < LEAST_KB or not len(outputs):
            outputs, kb = self._typical(curve), _TYPICAL_KB
        rate_of: dict[float, float] = {}
        for output, rate in self._reached(outputs, kb):
            rate_of[float(f"{output:.3g}")] = rate  # of equal outputs, the highest rate
        ascending = sorted(rate_of)
        rates = np.array([rate_of[output] for output in ascending])
        odds = np.maximum.accumulate(curve.of(rates, float(np.clip(gc, *self.gc))))
        precision, low, high = (tuple(np.round(_share(odds + sign * curve.spread), 4).tolist()) for sign in (0, -1, 1))
        expected = Expected(tuple(ascending), precision, low, high, self.target)
        cut = expected.cut(outputs)
        return replace(expected, called_at=float(f"{cut:.3g}") if np.isfinite(cut) else None)

    def _typical(self, curve: RateCurve) -> Floating:
        """Return the outputs of the calls of a genome that is as the held-out species on average, the highest first."""
        rates = np.arange(1, round(self.rates[-1] * _TYPICAL_KB) + 1) / _TYPICAL_KB
        return np.interp(np.log(rates), np.log(self.rates), curve.outputs)

    def _reached(self, outputs: Floating, kb: float) -> Iterator[tuple[float, float]]:
        """Yield outputs of the calls in a sample, and how many calls per kb are as high."""
        for rate in self.rates:
            if (number := round(rate * kb)) <= len(outputs):
                yield float(outputs[max(number, 1) - 1]), rate
        if len(outputs) < self.rates[-1] * kb:
            yield FLOOR, len(outputs) / kb


def _share(log_odds: Floating) -> Float64:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


class HeldOut(NamedTuple):
    """Calls on a genome by a model that never saw its like.

    Parameters
    ----------
    species : str
        Several rows of one species count as one.
    outputs, right : ndarray, shape (calls,)
        Of every call from `FLOOR` on, and whether it is right.
    kb, gc : float
        Thousands of bases, and GC content of the genome.
    """

    species: str
    outputs: Floating
    right: Bool
    kb: float
    gc: float

    @property
    def in_order(self) -> tuple[Float64, Float64, Bool]:
        """Output, calls per kb that are as high, and whether it is right: of each call, the highest first."""
        order = np.argsort(-self.outputs, kind="stable")
        rates = np.arange(1, len(order) + 1) / self.kb
        order = order[rates <= RATES[-1]]
        return self.outputs[order].astype(np.float64), rates[: len(order)], self.right[order]


def learn_call_rates(
    with_genes: Sequence[HeldOut], without_genes: Sequence[HeldOut], *, target: float
) -> dict[str, Any]:
    """Learn the expected precision from calls on genomes of held-out species.

    Logistic regression of being right on the logarithm of the calls per kb that are as high, and on the GC content;
    species have equal weight, and so has each e-fold of the calls per kb. The interval is the spread of species of
    which the regression knew nothing.

    Parameters
    ----------
    with_genes, without_genes : sequence of HeldOut
        Of three species or more: their calls from outputs with what the genes add, and without.
    target : float
        See `Expected`.

    Returns
    -------
    dict
        As `Metadata.expected_precision`.
    """
    content = [one.gc for one in with_genes]
    curves = {"with_genes": _curve(with_genes), "without_genes": _curve(without_genes)}
    return {"rates": list(RATES), **curves, "gc": [min(content), max(content)], "target": target}


def _curve(rows: Sequence[HeldOut]) -> dict[str, Any]:
    misses = []
    for species in dict.fromkeys(one.species for one in rows):
        others = RateCurve(_regress([one for one in rows if one.species != species]), 0.0, ())
        for one in (one for one in rows if one.species == species):
            _, rates, right = one.in_order
            shares = (
                np.average(values, weights=_weight(rates)) for values in (right, _share(others.of(rates, one.gc)))
            )
            measured, expected = (np.log(share / (1 - share)) for share in np.clip(list(shares), 0.01, 0.99))
            misses.append(measured - expected)
    spread = _SPREAD * float(np.sqrt(np.mean(np.square(misses))))
    log_odds = [round(value, 3) for value in _regress(rows)]
    return {"log_odds": log_odds, "spread": round(spread, 3), "outputs": [round(value, 4) for value in _typical(rows)]}


def _weight(rates: Float64) -> Float64:
    """Return weights of calls: each e-fold of calls per kb counts as much as another one."""
    return 1 / np.maximum(rates, LEAST_RATE)


def _regress(rows: Sequence[HeldOut]) -> tuple[float, float, float]:
    """Return the log-odds of `RateCurve`, by Newton's method."""
    species = [one.species for one in rows]
    columns: list[tuple[Float64, Bool, Float64]] = []
    for one in rows:
        _, rates, right = one.in_order
        terms = [np.ones(len(rates)), np.log(np.maximum(rates, LEAST_RATE)), np.full(len(rates), one.gc - 0.5)]
        weight = _weight(rates)
        columns.append((np.stack(terms, axis=1), right, 100 * weight / weight.sum() / species.count(one.species)))
    x, y, weight = (np.concatenate(part) for part in zip(*columns, strict=True))
    found, ridge = np.zeros(3), np.diag([0, 0, _RIDGE])
    for _ in range(50):
        p = _share(x @ found)
        slope = x.T @ (weight * (y - p)) - ridge @ found
        found = found + np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + ridge, slope)
    return float(found[0]), float(found[1]), float(found[2])


def _typical(rows: Sequence[HeldOut]) -> Float64:
    """Return the mean output at each of `RATES`, in log-odds; ascending rates, so descending outputs."""
    table = []
    for one in rows:
        outputs, _, _ = one.in_order
        at = np.round(np.array(RATES) * one.kb).astype(int) - 1
        reached = np.where(at < len(outputs), outputs[np.minimum(at, len(outputs) - 1)], FLOOR)
        reached = np.clip(reached, FLOOR, 0.999)
        table.append(np.log(reached / (1 - reached)))
    return _share(np.mean(table, axis=0))
