"""Differential check of the gate by an observer who sees only positions, one per millisecond.

The observer knows nothing of plans, segments or stops. Divided differences of a motion whose derivatives are
inside their limits are inside them too, across every change of plan, so any excess is an error of the gate.
"""

import numpy as np
import pytest
from gate_cases import Requests, make_gate, make_limits

MS = 1_000_000


def record(gate, requests, rng, duration_ms):
    """Positions at every millisecond, shape (T, J), while requests arrive at random intervals."""
    positions, due, modes = [], 0, np.zeros(4)
    for now_ms in range(1, duration_ms):
        now = now_ms * MS
        if now_ms >= due:
            verdict = gate.step(now, requests.next(now))
            steered = ~(verdict.passed | verdict.stopped | verdict.kept)
            modes += [verdict.passed.sum(), steered.sum(), verdict.stopped.sum(), verdict.kept.sum()]
            due = now_ms + int(rng.choice([2, 10, 10, 10, 10, 37, 400]))
        positions.append(gate.plan.state_at(now)[0])
    return np.array(positions), modes


@pytest.mark.parametrize("seed", range(3))
def test_differences_of_positions_respect_all_limits(seed):
    rng = np.random.default_rng(seed)
    limits = make_limits(rng, 300, group=6)
    gate = make_gate(limits, rng, lookahead_s=0.03)
    positions, modes = record(gate, Requests(limits, rng), rng, 2500)
    assert (positions >= limits.lower).all()
    assert (positions <= limits.upper).all()
    difference, step = positions, 1.0
    for bound, rounding in ((limits.velocity, 1e-12), (limits.acceleration, 1e-9), (limits.jerk, 1e-5)):
        difference, step = np.diff(difference, axis=0), step * 1e-3
        assert (np.abs(difference) / step <= bound + rounding).all()
    assert (modes > [50, 1000, 50, 5]).all(), "the requests must exercise every way of the projector"


def test_motion_uses_what_the_limits_allow():
    rng = np.random.default_rng(9)
    limits = make_limits(rng, 300, group=1)
    gate = make_gate(limits, rng, lookahead_s=0.03)
    positions, _ = record(gate, Requests(limits, rng), rng, 2500)
    peaks = [np.abs(np.diff(positions, n, axis=0)).max(axis=0) / 1e-3**n for n in (1, 2, 3)]
    for peak, bound in zip(peaks, (limits.velocity, limits.acceleration, limits.jerk), strict=True):
        assert (peak / bound).max() > 0.95
