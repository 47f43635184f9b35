"""Which states can be stopped: the ladder of stops against an independent judge, and the stops themselves."""

import numpy as np
import pytest
from dexora_core.errors import ContractError
from dexora_core.motion import MotionLimits, Plan, StopFamilies
from gate_cases import make_limits
from slow_reference import can_stop, worst_along


def random_states(limits, rng, count):
    """States (count, 3, J) over the whole box of position, velocity and acceleration."""
    signs = rng.uniform(-1, 1, (count, 3, limits.count))
    scale = np.stack([limits.half_range, limits.velocity, limits.acceleration])
    states = signs * scale
    states[:, 0] += limits.middle
    return states


def joint(limits, k):
    arrays = (limits.lower, limits.upper, limits.velocity, limits.acceleration, limits.jerk)
    return tuple(float(array[k]) for array in arrays)


def test_no_state_is_accepted_that_the_reference_calls_lost():
    rng = np.random.default_rng(1)
    accepted = 0
    for _ in range(10):
        limits = make_limits(rng, 60)
        families = StopFamilies(limits)
        for state in random_states(limits, rng, 20):
            fine = families.admissible(state).any(axis=0)
            for k in np.flatnonzero(fine):
                assert can_stop(*map(float, state[:, k]), *joint(limits, k))
            accepted += int(fine.sum())
    assert accepted > 1000


def test_nearly_all_states_that_can_be_stopped_are_accepted():
    rng = np.random.default_rng(2)
    one = np.ones(40)
    limits = MotionLimits(
        tuple(map(str, range(40))),
        -100 * one,
        100 * one,
        2 * one,
        15 * one,
        400 * one,
        {"arm": np.arange(40)},
    )
    families, fine, possible = StopFamilies(limits), 0, 0
    for state in random_states(limits, rng, 100):
        state[0] = 0.0
        stoppable = [can_stop(*map(float, state[:, k]), *joint(limits, k)) for k in range(40)]
        possible += sum(stoppable)
        fine += int(families.admissible(state).any(axis=0)[stoppable].sum())
    assert fine / possible > 0.97


def test_accepted_stops_stay_inside_and_end_at_rest():
    rng = np.random.default_rng(3)
    limits = make_limits(rng, 120, group=5)
    families = StopFamilies(limits)
    checked = 0
    for state in random_states(limits, rng, 4):
        admissible = families.admissible(state)
        plan = Plan(0, state[0])
        plan.handover = state
        for k, family in zip(*np.nonzero(admissible.T), strict=True):
            plan.release_s = families.release_s[family]
            plan.brake_s = families.brake_s[family]
            duration = float(families.total_s[family, k])
            times = np.linspace(0, duration, 200)
            states = plan.states(np.repeat(times[:, None], limits.count, axis=1))[:, :, k]
            rest = (plan.rest_position()[k], 0.0, 0.0)
            assert states[:, -1] == pytest.approx(rest, abs=1e-9)
            lower, upper, v_max, a_max, j_max = joint(limits, k)
            assert lower <= states[0].min()
            assert states[0].max() <= upper
            assert np.abs(states[1]).max() <= v_max
            assert np.abs(states[2]).max() <= a_max
            assert np.abs(np.diff(states[2])).max() <= j_max * duration / 199 * (1 + 1e-9)
            checked += 1
    assert checked > 100


def test_speed_scale_narrows_the_velocities_of_a_stop():
    limits = make_limits(np.random.default_rng(4), 5)
    state = np.stack([limits.middle, 0.0 * limits.velocity, 0.0 * limits.velocity])
    families = StopFamilies(limits)
    assert families.admissible(state, 0.1).all()
    state[1] = 1e-3 * limits.velocity
    assert not families.admissible(state, 1e-4).any()


def test_reference_measures_a_known_motion():
    low, high, v, a = worst_along(lambda t: t**3, 1.0, 1e-3)
    assert (low, high) == (0.0, pytest.approx(1.0))
    assert v == pytest.approx(3.0, rel=1e-2)
    assert a == pytest.approx(6.0, rel=1e-2)


@pytest.mark.parametrize("field", ["velocity", "acceleration", "jerk", "upper"])
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -10.0])
def test_unusable_limits_are_refused_by_name(field, value):
    good = make_limits(np.random.default_rng(5), 3)
    values = {
        name: getattr(good, name).copy() for name in ("lower", "upper", "velocity", "acceleration", "jerk")
    }
    values[field][1] = value
    if field == "upper" and value == 0.0:
        values["lower"][1] = 0.0
    with pytest.raises(ContractError, match="limits of j1 are unusable"):
        MotionLimits(good.names, **values, groups=good.groups)
