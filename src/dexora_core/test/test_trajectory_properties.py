"""Pins the promise of the controller: whatever comes in, the set-point is finite and inside its limits.

Trajectories hold any float, times are anything, ticks come late, early or twice, the robot reports anything.
"""

import numpy as np
from dexora_core.trajectory_execution import PointRequest, TrajectoryRequest
from dexora_core.trajectory_execution.executor import MAX_TICK_S
from dexora_core.trajectory_execution.testing import LIMITS, NAMES, START_NS, S, make_executor, sample_at
from hypothesis import given, settings
from hypothesis import strategies as st

any_float = st.floats(allow_nan=True, allow_infinity=True)
inside = st.tuples(st.floats(-1, 1), st.floats(-2, 2), st.floats(0, 3))
any_row = st.lists(any_float, min_size=0, max_size=4)
some_row = st.lists(st.floats(-1e308, 1e308), min_size=3, max_size=3)


@st.composite
def likely_requests(draw):
    """Requests that pass validation, with derivatives of any finite size."""
    times = sorted(draw(st.sets(st.integers(0, 2 * S), min_size=1, max_size=5)))
    extra = draw(st.sampled_from(["none", "velocity", "both", "mixed"]))
    points = []
    for time_ns in times:
        has_velocity = extra in ("velocity", "both") or (extra == "mixed" and draw(st.booleans()))
        has_acceleration = extra == "both" or (extra == "mixed" and draw(st.booleans()))
        velocity = draw(some_row) if has_velocity else ()
        acceleration = draw(some_row) if has_acceleration else ()
        points.append(PointRequest(time_ns, draw(inside), velocity, acceleration))
    stamp_ns = draw(st.sampled_from([0, START_NS, START_NS + S // 3, START_NS - S // 5]))
    return TrajectoryRequest(NAMES, points, stamp_ns)


@st.composite
def any_requests(draw):
    """Requests that hold anything."""
    points = draw(
        st.lists(
            st.builds(PointRequest, st.integers(-S, 3 * S), any_row, any_row, any_row, any_row), max_size=3
        )
    )
    return TrajectoryRequest(
        draw(st.lists(st.sampled_from("abcx"), max_size=4)), points, draw(st.integers(0, 9 * S))
    )


def run(requests, ticks_ns, measured):
    controller = make_executor(path_tolerance_rad=0.3, goal_time_s=0.2, goal_tolerance_rad=0.05)
    last, now_ns = controller.output.position, START_NS
    for index, tick_ns in enumerate(ticks_ns):
        if index < len(requests):
            controller.accept(requests[index], now_ns, goal=index if index % 2 else None)
        now_ns += tick_ns
        output = controller.update(now_ns, sample_at(measured)).output
        step = LIMITS.max_velocity_rad_s * min(max(tick_ns / S, 0.0), MAX_TICK_S)
        for array in (output.position, output.velocity, output.acceleration):
            assert np.isfinite(array).all()
        assert (output.position >= LIMITS.lower_rad).all()
        assert (output.position <= LIMITS.upper_rad).all()
        assert (np.abs(output.position - last) <= step + 1e-9).all()
        assert (np.abs(output.velocity) <= LIMITS.max_velocity_rad_s).all()
        last = output.position
    return controller, now_ns


ticks = st.lists(st.integers(-S // 100, S // 2), min_size=1, max_size=25)


@settings(max_examples=300, deadline=None)
@given(st.lists(likely_requests(), max_size=4), ticks, st.lists(any_float, min_size=3, max_size=3))
def test_any_plausible_trajectory_stays_inside_the_limits(requests, ticks_ns, measured):
    run(requests, ticks_ns, measured)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_requests(), max_size=4), ticks, st.lists(any_float, min_size=3, max_size=3))
def test_any_garbage_stays_inside_the_limits(requests, ticks_ns, measured):
    run(requests, ticks_ns, measured)


@settings(max_examples=150, deadline=None)
@given(st.lists(likely_requests(), min_size=1, max_size=3), st.lists(st.integers(1, S // 50), max_size=20))
def test_every_motion_ends_at_rest(requests, ticks_ns):
    controller, now_ns = run(requests, ticks_ns, [0.0, 0.0, 1.0])
    for _ in range(60):
        now_ns += S // 10
        controller.update(now_ns, sample_at(controller.output.position))
    assert controller.is_at_rest(now_ns)
    before = controller.output.position
    controller.update(now_ns + S, sample_at(before))
    np.testing.assert_array_equal(controller.output.position, before)
