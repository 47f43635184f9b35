"""Rows 8-11 and 31: joint states by name and group; NaN, jumps and silence are found, never stored."""

import numpy as np
import pytest
from dexora_core.clock import NS_PER_MS as MS
from dexora_core.errors import ContractError
from dexora_core.joint_state import JointStateMonitor
from dexora_core.motion import MotionLimits

NAMES = ("a1", "a2", "h1", "h2")
ONE = np.ones(4)
LIMITS = MotionLimits(NAMES, -ONE, ONE, ONE, ONE, ONE, {"arm": np.array([0, 1]), "hand": np.array([2, 3])})


def indices(names):
    if not set(names) <= set(NAMES):
        raise ContractError("unknown joint")
    return np.array([NAMES.index(name) for name in names], dtype=np.intp)


@pytest.fixture
def monitor():
    monitor = JointStateMonitor(LIMITS, indices)
    monitor.arm(0)
    return monitor


def test_groups_may_arrive_apart_and_in_any_order(monitor):
    assert monitor.update(1, ("a2", "a1"), [0.2, 0.1]) is None
    assert monitor.positions is None
    assert monitor.update(2, ("h1", "h2"), [0.3, 0.4]) is None
    assert monitor.positions.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert monitor.update(3, ("a2", "a1"), [0.2, 0.15]) is None
    assert monitor.positions[0] == 0.15


@pytest.mark.parametrize(
    ("names", "values", "text"),
    [
        (("a1", "b"), [0, 0], "unknown joint"),
        (("a1",), [0], "missing: a2"),
        (("a1", "a2", "a2"), [0, 0, 0], "names repeat"),
        ((), [], "whole groups"),
        (("a1", "a2"), [0], "1 positions for 2 names"),
    ],
)
def test_layout_that_does_not_fit_is_latched(monitor, names, values, text):
    fault = monitor.update(1, names, values)
    assert fault.code == "DX-FRS-005"
    assert text in fault.sentence
    assert fault.spec.latched


def test_nan_is_discarded_and_three_in_a_row_stop(monitor):
    monitor.update(1, NAMES, [0, 0, 0, 0])
    for count in (1, 2, 3):
        assert monitor.check(2) == [] or count > 3
        assert monitor.update(2, ("h1", "h2"), [np.nan, 0]).code == "DX-FRS-003"
    assert [fault.code for fault in monitor.check(2)] == ["DX-FRS-004"]
    assert not np.isnan(monitor.positions).any()
    monitor.update(3, ("h1", "h2"), [0, 0])
    assert monitor.check(3) == []


def test_jump_is_latched_and_not_stored(monitor):
    monitor.update(0, NAMES, [0, 0, 0, 0])
    fault = monitor.update(10 * MS, NAMES, [0, 0.2, 0, 0])
    assert (fault.code, fault.subject) == ("DX-GAT-012", "a2")
    assert monitor.positions[1] == 0.0
    assert monitor.update(40 * MS, NAMES, [0, 0.2, 0, 0]) is None


@pytest.mark.parametrize(
    ("age", "code"), [(30, None), (31, "DX-FRS-001"), (51, "DX-FRS-002"), (101, "DX-GRP-001")]
)
def test_silent_group_warns_stops_and_counts_as_dead(monitor, age, code):
    monitor.update(0, NAMES, [0, 0, 0, 0])
    now = age * MS
    monitor.update(now, ("a1", "a2"), [0, 0])
    assert [fault.code for fault in monitor.check(now)] == ([code] if code else [])
    assert monitor.age_ns(now) == now
    assert monitor.dead_groups(now) == ({"hand"} if age > 100 else set())


def test_repeated_stamp_is_silence(monitor):
    monitor.update(0, NAMES, [0, 0, 0, 0], stamp_ns=4)
    monitor.update(90 * MS, NAMES, [0, 0, 0, 0], stamp_ns=4)
    assert {fault.code for fault in monitor.check(101 * MS)} == {"DX-GRP-001"}


def test_number_of_remembered_layouts_is_bounded():
    names = tuple(f"j{k}" for k in range(5))
    one = np.ones(5)
    monitor = JointStateMonitor(
        MotionLimits(names, -one, one, one, one, one, {"g": np.arange(5)}),
        lambda given: np.array([names.index(name) for name in given]),
    )
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert monitor.update(0, [names[k] for k in rng.permutation(5)], np.zeros(5)) is None
    assert len(monitor._layouts) == 32
