"""Promises S4 and S5, rows 52 and 53: the worst fault decides, and nothing resumes by itself."""

import pytest
from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.failsafe import Failsafe, FailsafeConfig
from dexora_core.faults import SPECS, Level, make_fault
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

NOTE, DEGRADE, BLIND = "DX-CHK-001", "DX-FRS-009", "DX-FRS-006"
SOFT, HOLD, LATCHED, POWER = "DX-FRS-010", "DX-FRS-002", "DX-GAT-012", "DX-HWD-001"
ALL = [NOTE, DEGRADE, BLIND, SOFT, HOLD, LATCHED, POWER]


def faults(*codes, now=0):
    return [make_fault(code, now, "x") for code in codes]


def test_no_fault_allows_everything():
    status = Failsafe().update(0, [])
    assert (status.level, status.may_move, status.takes_chunks, status.speed_scale) == (
        Level.OK,
        True,
        True,
        1.0,
    )
    assert status.summary == "All is well."
    assert not status.latched


@pytest.mark.parametrize(
    ("code", "level", "moves", "takes", "scale"),
    [
        (NOTE, Level.NOTE, True, True, 1.0),
        (DEGRADE, Level.DEGRADE, True, True, 0.5),
        (BLIND, Level.DEGRADE, True, False, 0.5),
        (SOFT, Level.SOFT_STOP, False, False, 0.0),
        (HOLD, Level.HOLD, False, False, 0.0),
        (LATCHED, Level.LATCHED_HOLD, False, False, 0.0),
        (POWER, Level.POWER_REQUEST, False, False, 0.0),
    ],
)
def test_each_level_allows_what_the_ladder_says(code, level, moves, takes, scale):
    status = Failsafe().update(0, faults(code))
    got = (status.level, status.may_move, status.takes_chunks, status.speed_scale)
    assert got == (level, moves, takes, scale)
    assert status.latched == SPECS[code].latched


def test_worst_fault_comes_first_then_the_oldest():
    failsafe = Failsafe()
    failsafe.update(0, faults(HOLD))
    status = failsafe.update(1, [*faults(NOTE, now=1), make_fault(HOLD, 1, "y"), *faults(HOLD, now=1)])
    assert [fault.key for fault in status.faults] == [(HOLD, "x"), (HOLD, "y"), (NOTE, "x")]
    assert status.faults[0].since_ns == 0
    assert status.summary.startswith("L3: The joint state x is unknown ms old")


@pytest.mark.parametrize("code", [NOTE, DEGRADE])
def test_light_faults_end_one_second_after_their_condition(code):
    failsafe = Failsafe()
    failsafe.update(0, faults(code))
    assert failsafe.update(NS_PER_S - 1, []).faults
    assert not failsafe.update(NS_PER_S, []).faults


def test_soft_stop_ends_with_a_lease_after_its_condition_is_gone():
    failsafe = Failsafe()
    failsafe.update(0, faults(SOFT))
    assert failsafe.refuses_lease().code == SOFT
    failsafe.lease_granted()
    assert failsafe.update(10 * NS_PER_S, []).level is Level.SOFT_STOP
    assert failsafe.refuses_lease() is None
    failsafe.lease_granted()
    assert failsafe.update(11 * NS_PER_S, []).level is Level.OK


def test_hold_needs_the_operator_but_no_self_test():
    failsafe = Failsafe()
    failsafe.update(0, faults(HOLD))
    assert failsafe.reset([], self_test_ok=True) == (HOLD,)
    failsafe.update(1, [])
    failsafe.lease_granted()
    assert failsafe.refuses_lease().code == HOLD
    assert failsafe.reset(["DX-OTHER"], self_test_ok=True) == (HOLD,)
    assert failsafe.reset([HOLD], self_test_ok=False) == ()
    assert failsafe.update(2, []).level is Level.OK


def test_latched_fault_needs_the_operator_and_the_self_test():
    failsafe = Failsafe()
    failsafe.update(0, faults(LATCHED))
    failsafe.update(1, [])
    assert failsafe.reset([], self_test_ok=False) == (LATCHED,)
    assert failsafe.reset([], self_test_ok=True) == ()
    assert failsafe.update(2, []).may_move


def test_emergency_stop_released_stays_latched_until_reset():
    failsafe = Failsafe()
    assert failsafe.update(0, faults(POWER)).level is Level.POWER_REQUEST
    released = failsafe.update(NS_PER_S, [])
    assert (released.level, released.latched, released.may_move) == (Level.LATCHED_HOLD, True, False)
    failsafe.lease_granted()
    assert failsafe.refuses_lease().code == POWER
    assert not failsafe.update(3600 * NS_PER_S, []).may_move
    assert failsafe.reset([], self_test_ok=True) == ()
    assert failsafe.update(3601 * NS_PER_S, []).level is Level.OK


def test_power_is_asked_off_at_rest_or_after_the_delay():
    failsafe = Failsafe()
    assert not failsafe.update(0, faults(POWER)).asks_power_off
    assert failsafe.update(1, faults(POWER), is_at_rest=True).asks_power_off
    assert not failsafe.update(2, []).asks_power_off
    assert not failsafe.update(3, faults(POWER)).asks_power_off
    assert failsafe.update(3 + 300 * NS_PER_MS, faults(POWER)).asks_power_off


def test_degraded_scale_is_a_setting():
    failsafe = Failsafe(FailsafeConfig(degraded_scale=0.2))
    assert failsafe.update(0, faults(DEGRADE)).speed_scale == 0.2


class FailsafeModel(RuleBasedStateMachine):
    """Drives the ladder and a ten-line reference with the same random events."""

    def __init__(self):
        super().__init__()
        self.real, self.now, self.status = Failsafe(), 0, None
        self.model = {}
        self.tick(set(), 1)

    @rule(codes=st.sets(st.sampled_from(ALL)), dt=st.sampled_from([1, NS_PER_S // 2, NS_PER_S, 5 * NS_PER_S]))
    def tick(self, codes, dt):
        self.now += dt
        self.status = self.real.update(self.now, faults(*sorted(codes), now=self.now))
        for code in codes:
            self.model[code] = (True, self.now)
        for code in set(self.model) - codes:
            self.model[code] = (False, self.model[code][1])
            if SPECS[code].level <= 2 and self.now - self.model[code][1] >= NS_PER_S:
                del self.model[code]

    @rule()
    def lease(self):
        self.real.lease_granted()
        self.model = {c: s for c, s in self.model.items() if s[0] or SPECS[c].level != 3}

    @rule(codes=st.lists(st.sampled_from(ALL), max_size=3), ok=st.booleans())
    def reset(self, codes, ok):
        left = self.real.reset(codes, ok)
        over = {c for c in (codes or ALL) if c in self.model and not self.model[c][0]}
        self.model = {c: s for c, s in self.model.items() if c not in over or (SPECS[c].latched and not ok)}
        assert set(left) == {c for c in self.model if SPECS[c].level >= 3}

    @invariant()
    def same_worst_level(self):
        level = max((min(SPECS[c].level, 6 if s[0] else 5) for c, s in self.model.items()), default=0)
        now = self.real._status(self.now, False)
        assert now.level == level
        assert now.may_move == (level < 3)
        assert {fault.code for fault in now.faults} == set(self.model)
        stops = [c for c, s in self.model.items() if SPECS[c].level > 3 or (SPECS[c].level == 3 and s[0])]
        assert (self.real.refuses_lease() is not None) == bool(stops)


TestFailsafeModel = FailsafeModel.TestCase
TestFailsafeModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
