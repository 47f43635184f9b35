"""Pins the intervals against slow references: the likelihood maximised by search, and simulated pairs."""

import itertools
import math

import numpy as np
import pytest
from dexora_train.evaluate.intervals import Z95, Interval, Pairs, tango, tango_score, wilson
from scipy.optimize import minimize_scalar


def test_wilson_agrees_with_a_published_example():
    # Newcombe, Statist. Med. 17 (1998) 857: 81 of 263, method 3.
    interval = wilson(81, 263)
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_wilson_never_leaves_zero_to_one():
    assert wilson(0, 20).low == 0.0
    assert wilson(20, 20).high == 1.0
    assert 0.83 < wilson(20, 20).low < 0.84


def slow_score(pairs, difference):
    """Score statistic with the nuisance share found by maximising the likelihood, not by the formula."""
    gained, lost, count = pairs.second, pairs.first, pairs.count

    def surprise(share):
        chances = (share + difference, share, 1 - 2 * share - difference)
        counts = (gained, lost, count - gained - lost)
        if min(chances) < -1e-12:
            return math.inf
        return -sum(n * math.log(max(p, 1e-300)) for n, p in zip(counts, chances, strict=True) if n)

    low, high = max(0.0, -difference), (1 - difference) / 2
    share = minimize_scalar(surprise, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (gained - lost - count * difference) / math.sqrt(count * (2 * share + difference - difference**2))


@pytest.mark.parametrize(
    "pairs", [Pairs(36, 2, 12, 0), Pairs(900, 30, 22, 48), Pairs(10, 5, 3, 2), Pairs(150, 12, 1, 37)]
)
def test_tango_ends_where_a_slow_score_test_begins_to_reject(pairs):
    interval = tango(pairs)
    for difference in np.linspace(-0.4, 0.4, 17):
        assert tango_score(pairs, difference) == pytest.approx(slow_score(pairs, difference), abs=1e-3)
    assert slow_score(pairs, interval.low) == pytest.approx(Z95, abs=1e-3)
    assert slow_score(pairs, interval.high) == pytest.approx(-Z95, abs=1e-3)
    assert interval.low < interval.value < interval.high


def test_tango_covers_the_true_difference_as_often_as_it_says():
    chances, rng = np.array([0.80, 0.06, 0.03, 0.11]), np.random.default_rng(0)
    true = chances[2] - chances[1]
    draws = rng.multinomial(120, chances, size=600)
    known = {}
    for counts in map(tuple, draws.tolist()):
        if counts not in known:
            interval = tango(Pairs(*counts))
            known[counts] = interval.low <= true <= interval.high
    covered = np.mean([known[tuple(counts)] for counts in draws.tolist()])
    assert 0.93 <= covered <= 0.975


def test_exchanged_models_have_the_opposite_interval():
    one, other = tango(Pairs(50, 7, 2, 5)), tango(Pairs(50, 2, 7, 5))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-8)


def test_pairs_without_a_difference_still_leave_room_for_one():
    interval = tango(Pairs(200, 0, 0, 0))
    assert interval.value == 0.0
    assert -0.03 < interval.low < -0.01
    assert interval.high == pytest.approx(-interval.low, abs=1e-8)


def test_total_difference_is_an_end_of_the_interval():
    pairs = Pairs(0, 10, 0, 0)
    interval = tango(pairs)
    assert interval.value == interval.low == -1.0
    assert slow_score(pairs, interval.high) == pytest.approx(-Z95, abs=1e-3)


def test_every_small_table_has_an_interval_around_its_value():
    for counts in itertools.product(range(4), repeat=4):
        if sum(counts):
            interval = tango(Pairs(*counts))
            assert isinstance(interval, Interval)
            assert -1.0 <= interval.low <= interval.value <= interval.high <= 1.0
