"""Rows 31 and 32: one dead hand freezes that hand and stops the arms; the other hand keeps its grip."""

from dexora_core.coupling import GroupMode, group_modes
from dexora_core.faults import Level

KINDS = {"left_arm": "arm", "right_arm": "arm", "left_hand": "hand", "right_hand": "hand"}


def modes(level, *dead):
    return [group_modes(level, dead, KINDS)[group].value for group in KINDS]


def test_healthy_groups_follow_the_owner():
    assert modes(Level.OK) == ["run"] * 4
    assert modes(Level.DEGRADE) == ["run"] * 4


def test_stop_lets_hands_keep_their_grip():
    assert modes(Level.SOFT_STOP) == ["stop", "stop", "grip", "grip"]


def test_dead_hand_freezes_itself_stops_the_arms_and_leaves_the_other_grip():
    assert modes(Level.OK, "left_hand") == ["stop", "stop", "frozen", "grip"]


def test_dead_arm_stops_both_arms():
    assert modes(Level.HOLD, "right_arm") == ["stop", "frozen", "grip", "grip"]
    assert GroupMode("grip") is GroupMode.GRIP
