"""The stages one by one: each acts on what it is for, says so, and leaves the rest to the next."""

from dataclasses import replace

import numpy as np
import pytest
from chunk_cases import small_limits
from dexora_core.errors import ConfigError, TrajectoryError
from dexora_core.gate import CommandGate, GateConfig
from dexora_core.stages import Clearance, GateRequest, ProjectStage, Step
from gate_cases import exact_order, excess, step_excess
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

MS = 1_000_000
LIMITS = small_limits()
INF = np.full(3, np.inf)


def make(position=0.0, **config):
    return CommandGate(LIMITS, exact_order(LIMITS.names), GateConfig(**config), np.full(3, position), 0)


def steps(gate, request, count, start=0):
    for k in range(1, count + 1):
        verdict = gate.step(start + 10 * MS * k, request)
    return verdict


def codes(verdict):
    return [fault.code for fault in verdict.faults]


@pytest.mark.parametrize("field", ["position", "velocity", "acceleration"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_number_that_is_none_stops_and_names_the_joint(field, bad):
    gate = make()
    steps(gate, GateRequest(np.ones(3)), 10)
    values = np.array([0.0, bad, 0.0])
    verdict = gate.step(110 * MS, replace(GateRequest(np.ones(3)), **{field: values}))
    assert verdict.stopped.all()
    assert codes(verdict) == ["DX-GAT-001"]
    assert verdict.faults[0].subject == "j1"
    later = steps(gate, GateRequest(np.full(3, np.nan)), 50, 110 * MS)
    assert not later.state[1].any()


def test_subject_of_a_bad_number_follows_the_given_names_or_the_column():
    gate = make()
    bad = np.array([0.0, np.nan, 0.0])
    assert gate.step(1, GateRequest(bad, names=("j2", "j0", "j1"))).faults[0].subject == "j0"
    assert gate.step(2, GateRequest(np.full(5, np.nan))).faults[0].subject == "column 0"


def test_no_position_asks_for_a_stop():
    gate = make()
    steps(gate, GateRequest(np.ones(3)), 10)
    verdict = gate.step(110 * MS, GateRequest(None))
    assert verdict.stopped.all()
    assert codes(verdict) == []


def test_names_bring_values_to_their_joints():
    gate = make()
    request = GateRequest(np.array([0.3, 0.1, 0.2]), names=("j2", "j0", "j1"))
    verdict = steps(gate, request, 100)
    assert verdict.state[0] == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)


def test_number_of_remembered_name_orders_is_bounded():
    joints = 5
    limits = small_limits(joints)
    gate = CommandGate(limits, exact_order(limits.names), GateConfig(), np.zeros(joints), 0)
    rng = np.random.default_rng(0)
    for k in range(50):
        names = tuple(limits.names[i] for i in rng.permutation(joints))
        assert gate.step(k, GateRequest(np.zeros(joints), names=names)).faults == ()
    order = gate._stages._inner
    assert len(order._known) == 16


def test_unknown_names_stop_and_are_latched():
    verdict = make().step(1, GateRequest(np.zeros(3), names=("a", "b", "c")))
    assert codes(verdict) == ["DX-GAT-014"]
    assert "do not fit" in verdict.faults[0].sentence
    assert verdict.stopped.all()


@pytest.mark.parametrize("count", [0, 2, 4, 35, 39, 40])
def test_wrong_size_stops(count):
    verdict = make().step(1, GateRequest(np.zeros(count)))
    assert codes(verdict) == ["DX-GAT-002"]
    assert f"{count} values where the contract has 3" in verdict.faults[0].sentence
    assert verdict.stopped.all()


def test_position_beyond_the_limit_rests_on_it():
    gate = make(1.9)
    verdict = steps(gate, GateRequest(np.array([5.0, 1.9, -0.0]), np.array([1.0, 0, 0])), 200)
    assert verdict.state[0, 0] == pytest.approx(2.0, abs=1e-4)
    assert verdict.state[0, 0] <= 2.0
    assert verdict.acted["position"].tolist() == [True, False, False]


@pytest.mark.parametrize(("field", "stage"), [("velocity", "velocity"), ("acceleration", "acceleration")])
def test_velocity_and_acceleration_of_the_goal_are_bounded(field, stage):
    request = replace(GateRequest(np.zeros(3)), **{field: np.array([1e9, 0.0, 0.0])})
    verdict = make().step(10 * MS, request)
    assert verdict.acted[stage][0]
    assert excess(LIMITS, verdict.state) <= 0


def test_jump_is_turned_into_motion_inside_the_limits():
    gate = make()
    first = gate.step(10 * MS, GateRequest(np.full(3, 0.5)))
    assert {"velocity", "acceleration", "jerk"} <= set(first.acted)
    assert not first.passed.any()
    assert steps(gate, GateRequest(np.full(3, 0.5)), 100, 10 * MS).passed.all()


def test_smooth_goal_passes_untouched():
    gate = make()
    for k in range(1, 200):
        t = k * 0.01 + 0.03
        wave = [0.3 * (1 - np.cos(t)), 0.3 * np.sin(t), 0.3 * np.cos(t)]
        verdict = gate.step(k * 10 * MS, GateRequest(*(np.full(3, value) for value in wave)))
    assert verdict.passed.all()
    assert verdict.acted == {}
    assert gate.plan.state_at((199 * 10 + 30) * MS)[0] == pytest.approx(wave[0])


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, -np.inf, 0.009])
def test_speed_scale_near_zero_stops(scale):
    gate = make()
    steps(gate, GateRequest(np.ones(3)), 10)
    assert gate.step(110 * MS, GateRequest(np.ones(3), speed_scale=scale)).stopped.all()


def test_speed_scale_above_one_is_one():
    assert make().step(1, GateRequest(np.zeros(3), speed_scale=np.inf)).speed_scale == 1.0


def test_stop_of_one_joint_leaves_the_others_moving():
    gate = make()
    steps(gate, GateRequest(np.ones(3)), 10)
    verdict = steps(gate, GateRequest(np.ones(3), stop=np.array([False, True, False])), 25, 100 * MS)
    assert verdict.state[1, 1] == 0.0
    assert verdict.state[1, 0] > 0.1


def test_stop_mask_of_a_wrong_shape_stops_all():
    assert make().step(1, GateRequest(np.ones(3), stop=np.zeros(4, dtype=bool))).stopped.all()


def test_tracking_error_stops_after_its_grace_time():
    gate = make(tracking_bound_rad=np.array([0.1, 0.1, np.inf]))
    off = np.array([0.0, 0.2, 9.0])
    assert codes(steps(gate, GateRequest(np.zeros(3), measured=off), 10)) == []
    verdict = gate.step(110 * MS, GateRequest(np.zeros(3), measured=off))
    assert codes(verdict) == ["DX-GAT-007"]
    assert verdict.faults[0].subject == "j1"
    assert "0.2 rad from its command for 0.1 s, bound 0.1 rad" in verdict.faults[0].sentence
    assert verdict.acted["tracking"].tolist() == [False, True, False]
    assert codes(gate.step(120 * MS, GateRequest(np.zeros(3), measured=np.zeros(3)))) == []


def test_brief_tracking_error_and_missing_or_nan_measurements_do_not_stop():
    gate = make(tracking_bound_rad=np.full(3, 0.1))
    for k in range(1, 100):
        measured = np.full(3, 0.2 if k % 5 else 0.0)
        assert codes(gate.step(k * 10 * MS, GateRequest(np.zeros(3), measured=measured))) == []
    assert codes(gate.step(1010 * MS, GateRequest(np.zeros(3), measured=np.full(3, np.nan)))) == []


def test_measurement_of_a_wrong_shape_stops():
    assert codes(make().step(1, GateRequest(np.zeros(3), measured=np.zeros(2)))) == ["DX-GAT-002"]


def clearance(distance, ahead, age_ms=0):
    return GateRequest(np.ones(3), clearance=Clearance((100 - age_ms) * MS, distance, ahead, "hands"))


@pytest.mark.parametrize(
    ("distance", "ahead", "age", "code", "stops"),
    [
        (0.5, 0.5, 0, None, False),
        (0.019, 0.5, 0, "DX-GAT-008", False),
        (0.5, 0.019, 0, "DX-GAT-008", False),
        (0.009, 0.009, 0, "DX-GAT-009", True),
        (0.05, 0.005, 0, "DX-GAT-009", True),
        (0.005, 0.008, 0, "DX-GAT-008", False),
        (np.nan, 0.5, 0, "DX-GAT-009", True),
        (0.5, 0.5, 100, None, False),
        (0.5, 0.5, 101, "DX-GAT-010", False),
        (0.02, 0.02, 0, None, False),
        (0.01, 0.01, 0, "DX-GAT-008", False),
    ],
)
def test_clearance_slows_stops_and_lets_apart(distance, ahead, age, code, stops):
    verdict = make().step(100 * MS, clearance(distance, ahead, age))
    assert codes(verdict) == ([code] if code else [])
    assert verdict.stopped.all() == stops
    slowed = code in {"DX-GAT-008", "DX-GAT-010"}
    assert verdict.speed_scale == (0.25 if slowed else 1.0)
    assert ("collision" in verdict.acted) == (code is not None)


@pytest.mark.parametrize(
    ("distance", "slow", "stop", "code"),
    [
        (0.007, 0.006, 0.003, None),
        (0.005, 0.006, 0.003, "DX-GAT-008"),
        (0.002, 0.006, 0.003, "DX-GAT-009"),
        (0.5, np.nan, 0.003, "DX-GAT-009"),
        (0.5, 0.006, np.nan, "DX-GAT-009"),
    ],
)
def test_clearance_is_judged_by_the_margins_that_come_with_it(distance, slow, stop, code):
    request = GateRequest(np.ones(3), clearance=Clearance(100 * MS, distance, distance, "hands", slow, stop))
    assert codes(make().step(100 * MS, request)) == ([code] if code else [])


def test_clearance_says_nothing_while_the_robot_is_stopped():
    request = replace(clearance(0.001, 0.001), position=None)
    assert codes(make().step(100 * MS, request)) == []


def test_time_that_runs_backwards_stands_still():
    gate = make()
    before = steps(gate, GateRequest(np.ones(3)), 20)
    after = gate.step(5 * MS, GateRequest(np.ones(3)))
    assert after.state == pytest.approx(before.state)


def test_missing_ticks_end_in_a_stop_and_motion_goes_on_smoothly():
    gate = make()
    before = steps(gate, GateRequest(np.ones(3)), 20)
    assert before.state[1].min() > 1.0
    late = gate.step(1200 * MS, GateRequest(np.ones(3)))
    assert not late.state[1].any()
    again = gate.step(1210 * MS, GateRequest(np.ones(3)))
    assert step_excess(LIMITS, late.state, again.state, 0.01) <= 0


def test_reset_starts_at_rest_and_forgets_the_tracking_error():
    gate = make(tracking_bound_rad=np.full(3, 0.1))
    steps(gate, GateRequest(np.zeros(3), measured=np.ones(3)), 10)
    gate.reset(100 * MS, np.full(3, 0.5))
    verdict = gate.step(110 * MS, GateRequest(None, measured=np.full(3, 0.5)))
    assert verdict.state[0] == pytest.approx(0.5)
    assert codes(verdict) == []


def test_settling_rests_where_measured_except_for_unbounded_joints():
    gate = make(tracking_bound_rad=np.array([0.1, 0.1, np.inf]))
    assert gate.settle(1, np.array([0.3, 5.0, 0.3]))
    assert gate.plan.state_at(1)[0] == pytest.approx([0.3, 2.0, 0.0], abs=1e-5)
    assert not gate.settle(1, np.array([0.3, np.nan, 0.3]))
    steps(gate, GateRequest(np.array([0.3, 2.0, 1.0])), 10)
    assert not gate.settle(100 * MS, np.zeros(3))
    assert not make().settle(0, np.zeros(3))


def test_following_takes_any_finite_measurement_and_no_other():
    gate = make(tracking_bound_rad=np.full(3, 0.1))
    gate.follow(10, np.array([0.3, 5.0, -5.0]))
    assert gate.plan.state_at(10)[0] == pytest.approx([0.3, 2.0, -2.0], abs=1e-5)
    gate.follow(20, np.array([0.3, np.nan, 0.0]))
    gate.follow(20, np.zeros(4))
    assert gate.plan.state_at(20)[0] == pytest.approx([0.3, 2.0, -2.0], abs=1e-5)


@pytest.mark.parametrize("start", [np.full(3, 2.02), np.array([0.0, np.nan, 0.0]), np.zeros(2)])
def test_start_outside_the_limits_is_refused(start):
    with pytest.raises(TrajectoryError, match="the gate cannot start"):
        CommandGate(LIMITS, exact_order(LIMITS.names), GateConfig(), start, 0)


def test_start_within_the_tolerance_moves_onto_the_limit():
    assert make(2.005).plan.state_at(0)[0] == pytest.approx(2.0, abs=1e-5)


@pytest.mark.parametrize("lookahead", [0.0, 0.001, 0.6, np.nan])
def test_unusable_lookahead_is_refused(lookahead):
    with pytest.raises(ConfigError, match=r"between 0\.002 and 0\.5 s"):
        make(lookahead_s=lookahead)


def test_innermost_stage_works_alone():
    gate = make()
    stage = ProjectStage(gate._projector, gate.plan)
    goal = np.zeros((3, 3))
    goal[0] = 0.1
    step = Step(0, GateRequest(None), None, np.zeros((3, 3)), goal, np.zeros(3, dtype=bool), 0.5)
    assert stage(step).speed_scale == 0.5


FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
ANY = st.none() | arrays(np.float64, array_shapes(max_dims=2, max_side=6), elements=FLOATS)
EXACT = arrays(np.float64, 3, elements=st.floats(-3, 3) | FLOATS)
REQUESTS = st.builds(
    GateRequest,
    EXACT | ANY,
    st.none() | EXACT | ANY,
    st.none() | EXACT | ANY,
    st.none() | st.permutations(LIMITS.names).map(tuple) | st.just(("x",)),
    st.none() | arrays(bool, st.integers(0, 5)),
    st.floats(),
    st.none() | EXACT | ANY,
    st.none() | st.builds(Clearance, st.integers(0, 10**9), st.floats(), st.floats(), st.just("p")),
)


@settings(max_examples=200, deadline=None)
@given(
    sequence=st.lists(st.tuples(st.floats(0, 1, exclude_min=True), REQUESTS), min_size=1, max_size=20),
    lookahead=st.sampled_from([0.006, 0.03, 0.2]),
)
def test_any_sequence_of_any_requests_is_inside_all_limits_or_a_bounded_stop(sequence, lookahead):
    gate = make(0.5, lookahead_s=lookahead, tracking_bound_rad=np.full(3, 0.2))
    now, before = 0, gate.plan.state_at(0)
    for dt_s, request in sequence:
        dt = max(round(dt_s * 1e9), 1)
        now += dt
        verdict = gate.step(now, request)
        assert np.isfinite(verdict.state).all()
        assert excess(LIMITS, verdict.state) <= 0
        assert step_excess(LIMITS, before, verdict.state, dt * 1e-9) <= 0
        assert gate.plan.rest_in_s(now).max() <= lookahead + 0.5
        before = verdict.state
