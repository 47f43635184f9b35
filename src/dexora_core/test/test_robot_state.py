"""Pins which transforms follow from which joint states: partial, foreign, late, not finite, too often."""

import numpy as np
import pytest
from dexora_core.kinematics_urdf import parse_urdf
from dexora_core.robot_state import MOST_LAYOUTS, RobotState

MS = 1_000_000
TREE = parse_urdf(
    """<robot name="bench"><link name="base"/><link name="a_link"/><link name="b_link"/><link name="tip"/>
    <joint name="a" type="continuous"><parent link="base"/><child link="a_link"/><axis xyz="0 0 1"/></joint>
    <joint name="b" type="continuous"><parent link="a_link"/><child link="b_link"/><axis xyz="0 0 1"/></joint>
    <joint name="t" type="fixed"><parent link="b_link"/><child link="tip"/></joint></robot>"""
)


def yaw(placed, child):
    w, _, _, z = placed.transforms.quaternions[placed.transforms.children.index(child)]
    return 2 * np.arctan2(z, w)


def test_state_in_any_order_places_every_link():
    placed = RobotState(TREE).update(["b", "a"], [0.2, 0.1], 0)
    assert placed.transforms.children == ("a_link", "b_link")
    assert (yaw(placed, "a_link"), yaw(placed, "b_link")) == pytest.approx((0.1, 0.2))


def test_partial_state_places_only_what_it_names():
    state = RobotState(TREE)
    assert state.unplaced == ("a", "b")
    placed = state.update(["b", "wheel_of_another_robot"], [0.2, 9.0], 5 * MS)
    assert placed.transforms.children == ("b_link",)
    assert placed.indices.tolist() == [1]
    assert state.unplaced == ("a",)


def test_states_within_the_period_are_skipped():
    state = RobotState(TREE, period_ns=20 * MS)
    published = [state.update(["a"], [0.1], stamp * MS) is not None for stamp in (0, 10, 19, 20, 30, 40)]
    assert published == [True, False, False, True, False, True]


def test_groups_with_their_own_publishers_do_not_starve_each_other():
    state = RobotState(TREE, period_ns=20 * MS)
    assert state.update(["a"], [0.1], 0) is not None
    assert state.update(["b"], [0.1], 1 * MS) is not None


@pytest.mark.parametrize(
    ("names", "positions", "reason"),
    [
        (["a", "b"], [0.1], "lengths differ"),
        (["c"], [0.1], "no joint of this robot"),
        ([], [], "no joint of this robot"),
        (["a"], [float("nan")], "not finite"),
    ],
)
def test_unusable_state_is_counted_by_reason(names, positions, reason):
    state = RobotState(TREE)
    assert state.update(names, positions, 0) is None
    assert state.refused == {reason: 1}
    assert state.unplaced == ("a", "b")


def test_late_state_is_ignored():
    state = RobotState(TREE)
    state.update(["a"], [0.1], 500 * MS)
    assert state.update(["a"], [0.2], 499 * MS) is None
    assert state.refused == {"older than the last": 1}


def test_clock_set_back_starts_again():
    state = RobotState(TREE, period_ns=20 * MS)
    state.update(["a"], [0.1], 60_000 * MS)
    assert state.update(["a"], [0.2], 0) is not None
    assert state.update(["a"], [0.3], 20 * MS) is not None


def test_remembered_layouts_stay_bounded():
    state = RobotState(TREE)
    for number in range(3 * MOST_LAYOUTS):
        assert state.update(["a", f"other_{number}"], [0.1, 0.2], number * MS) is not None
    assert len(state._layouts) <= MOST_LAYOUTS
