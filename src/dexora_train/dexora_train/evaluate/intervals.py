"""Intervals of success rates: Wilson's for one rate, Tango's for the difference of two on the same seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

Z95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, all of the same kind.

    Attributes:
        value: The estimate.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Pairs:
    """How two models did on the same seeds.

    Attributes:
        both: Seeds on which both succeed.
        first: Seeds on which only the first one does.
        second: Seeds on which only the second one does.
        neither: Seeds on which none does.
    """

    both: int
    first: int
    second: int
    neither: int

    @property
    def count(self) -> int:
        """Number of pairs."""
        return self.both + self.first + self.second + self.neither


def wilson(successes: int, trials: int, z: float = Z95) -> Interval:
    """Return a success rate with its score interval (Wilson, J. Am. Stat. Assoc. 22, 1927).

    Args:
        successes: How many of the trials.
        trials: At least 1.
        z: Quantile of the normal distribution.
    """
    rate = successes / trials
    centre = rate + z * z / (2 * trials)
    spread = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(rate, max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0))


def tango(pairs: Pairs, z: float = Z95) -> Interval:
    """Return second minus first success rate with its score interval (Tango, Statist. Med. 17, 1998).

    The interval holds all differences that a score test does not reject. Unlike Wald's it is of use where few
    or no pairs differ; unlike Newcombe's square-and-add it needs no correction for the correlation.

    Args:
        pairs: At least one pair.
        z: Quantile of the normal distribution.
    """
    value = (pairs.second - pairs.first) / pairs.count
    edge = 1.0 - 1e-12
    low = value if value <= -edge else _root(pairs, z, -edge, value)
    high = value if value >= edge else _root(pairs, -z, value, edge)
    return Interval(value, low, high)


def tango_score(pairs: Pairs, difference: float) -> float:
    """Return the score statistic of a supposed difference; standard normal where it is the true one.

    It needs the most likely share of pairs in which only the first succeeds, given the difference: the root
    of a quadratic.
    """
    count, gained, lost = pairs.count, pairs.second, pairs.first
    a = 2.0 * count
    b = -gained - lost + (2.0 * count - gained + lost) * difference
    c = -lost * difference * (1.0 - difference)
    share = (math.sqrt(max(b * b - 4.0 * a * c, 0.0)) - b) / (2.0 * a)
    variance = count * (2.0 * share + difference * (1.0 - difference))
    deviation = gained - lost - count * difference
    if variance <= 0.0:
        return 0.0 if deviation == 0.0 else math.copysign(math.inf, deviation)
    return deviation / math.sqrt(variance)


def _root(pairs: Pairs, z: float, low: float, high: float) -> float:
    """Return the difference at which the score is `z`; the score falls with the difference."""

    def beyond(difference: float) -> float:
        score = tango_score(pairs, difference)
        return max(min(score, 1e6), -1e6) - z

    if beyond(low) <= 0.0:
        return low
    if beyond(high) >= 0.0:
        return high
    return float(brentq(beyond, low, high, xtol=1e-10))
