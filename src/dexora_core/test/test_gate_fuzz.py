"""Promise S2: whatever is asked, at whatever intervals, the output is finite and inside all four limits.

One step of a wide robot is one case per joint, so that a million cases take seconds; `make soak` tries 10^8.
"""

import numpy as np
import pytest
from gate_cases import Requests, excess, make_gate, make_limits, random_dt_ns, step_excess

JOINTS = 600
CASES, SEEDS = 1_200_000, range(6)
SOAK_CASES, SOAK_SEEDS = 100_000_000, range(100, 120)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_request_any_dt_stays_inside_all_limits(seed):
    try_cases(seed, CASES // len(SEEDS))


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_hundred_million_requests_stay_inside_all_limits(seed):
    try_cases(seed, SOAK_CASES // len(SOAK_SEEDS))


def try_cases(seed, cases):
    rng = np.random.default_rng([seed, cases])
    done = 0
    while done < cases:
        limits = make_limits(rng, JOINTS)
        gate = make_gate(limits, rng, lookahead_s=float(rng.choice([0.006, 0.03, 0.1])))
        requests, now, before = Requests(limits, rng), 0, None
        for _ in range(400):
            dt = random_dt_ns(rng)
            now += dt
            verdict = gate.step(now, requests.next(now))
            assert np.isfinite(verdict.state).all()
            assert excess(limits, verdict.state) <= 0.0
            if before is not None:
                assert step_excess(limits, before, verdict.state, dt * 1e-9) <= 0.0
            before = verdict.state
            done += JOINTS
