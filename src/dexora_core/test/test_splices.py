"""Row 20: a new chunk at any moment, however far off, is bounded in velocity, acceleration and jerk.

Checked end to end for every strategy by an observer who sees only positions, one per millisecond.
"""

import numpy as np
import pytest
from dexora_core.command_types import AgeBounds
from dexora_core.strategies import STRATEGIES
from path_cases import CONTRACT, HOME, MS, Loop


def wander(rng):
    """A random motion around home: another one every time, as a policy that changes its mind."""
    span = np.minimum(CONTRACT.upper_rad - HOME, 0.5), np.minimum(HOME - CONTRACT.lower_rad, 0.5)
    offset = HOME + rng.uniform(-span[1], span[0])
    speed, phase = rng.uniform(-1.5, 1.5, 36), rng.uniform(0, 6, 36)
    return lambda t: np.clip(offset + 0.2 * np.sin(speed * t + phase), CONTRACT.lower_rad, CONTRACT.upper_rad)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_chunks_that_disagree_never_break_a_limit(strategy):
    rng = np.random.default_rng(7)
    patient = AgeBounds(10**18, 10**18)
    loop = Loop(strategy=strategy, min_buffered_ns=0, jump_rad=np.inf, policy=patient)
    loop.tick()
    loop.path.acquire(loop.now, "policy", "policy_node")
    positions, moved = [], 0
    for _ in range(300):
        if rng.uniform() < 0.2:
            loop.chunk("policy", wander(rng), horizon=12, delay=int(rng.choice([10, 60, 150])) * MS)
        loop.tick()
        positions += [loop.path.gate.plan.state_at(loop.now + k * MS)[0] for k in range(10)]
        moved += loop.last.is_moving
    assert moved > 150
    difference, limits = np.array(positions), loop.path.limits
    assert (difference >= limits.lower).all()
    assert (difference <= limits.upper).all()
    for bound, rounding in ((limits.velocity, 1e-9), (limits.acceleration, 1e-6), (limits.jerk, 1e-3)):
        difference = np.diff(difference, axis=0) / 1e-3
        assert (np.abs(difference) <= bound + rounding).all()
