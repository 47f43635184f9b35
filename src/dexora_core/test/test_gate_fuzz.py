"""Promise S2: whatever is asked, at whatever intervals, the output is finite and inside all four limits.

One step of a wide robot is one case per joint, so that a million cases take seconds. DEXORA_SOAK_CASES sets
another number of cases; `make soak` uses 10^8.
"""

import os

import numpy as np
import pytest
from gate_cases import Requests, excess, make_gate, make_limits, random_dt_ns, step_excess

CASES = int(os.environ.get("DEXORA_SOAK_CASES", "1_200_000"))
JOINTS = 600


@pytest.mark.timeout(0 if CASES > 2_000_000 else 300)
@pytest.mark.parametrize("seed", range(6))
def test_any_request_any_dt_stays_inside_all_limits(seed):
    rng = np.random.default_rng([seed, CASES])
    done = 0
    while done < CASES / 6:
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
