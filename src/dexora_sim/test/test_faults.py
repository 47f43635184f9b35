"""Pins the fault board and each hook as pure objects: what passes a seam, when, and what is refused."""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_core.errors import ConfigError
from dexora_sim.cameras import Frame
from dexora_sim.fault_board import FaultBoard
from dexora_sim.fault_hooks import HOOKS
from dexora_sim.faults import Fault, FaultHook, FaultRequest, JointReport
from dexora_sim.rig import fault_world

from dexora_description import contract_path

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "add_a_fault.md"
S = 1_000_000_000
CONTRACT = load_contract(contract_path())
WORLD = fault_world(CONTRACT)
JOINTS = CONTRACT.joint_names
HOME = CONTRACT.home_rad


def board_with(fault, target="", **options):
    board = FaultBoard(HOOKS, WORLD)
    board.start(FaultRequest(fault, target, **options), S)
    return board


def frame(view, stamp_ns=S, level=100):
    image = np.full((4, 6, 3), level, np.uint8)
    image[:, 0] = 7
    return Frame(view, stamp_ns, image)


def report(stamp_ns=S, shift=0.0):
    zero = np.zeros(len(JOINTS))
    return JointReport(JOINTS, HOME + shift, zero, zero, stamp_ns)


def test_without_faults_everything_passes():
    board = FaultBoard(HOOKS, WORLD)
    frames, states = [frame("top")], report()
    assert board.frames(frames, S) == frames
    assert board.joint_report(states) is states
    assert board.targets(HOME, HOME, S) is HOME
    assert board.groups(("left_arm",), S) == ("left_arm",)
    assert not board.is_paused(S, 0)
    assert board.active(S) == []


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_every_hook_starts_with_its_defaults_and_leaves_other_seams_alone(hook):
    known = {"view": WORLD.views, "joint": JOINTS, "group": tuple(WORLD.groups), "": ("",)}[hook.target]
    target = "+".join(known[:2]) if hook.name == "camera_swap" else known[0] if hook.needs_target else ""
    board = board_with(hook.name, target)
    label = f"{hook.name}:{target}" if target else hook.name
    assert board.active(S) == [label]
    frames, states = [frame(view) for view in WORLD.views], report()
    changed = {
        "frames": list(map(id, board.frames(frames, S))) != list(map(id, frames)),
        "report": board.joint_report(states) is not states,
        "targets": board.targets(HOME, HOME, S) is not HOME,
        "groups": board.groups(tuple(WORLD.groups), S) != tuple(WORLD.groups),
        "clock": board.is_paused(S, 0),
    }
    expected = {"camera": {"frames"}, "state": {"report"}, "clock": {"clock"}, "controller": {"groups"}}
    expected["driver"] = {"groups", "report"}
    kind = hook.name.split("_")[0]
    assert {seam for seam, is_changed in changed.items() if is_changed} == expected.get(kind, {"targets"})
    assert board.clear(hook.name) == f"ended: {label}"
    assert board.active(S) == []


def test_fault_begins_and_ends_at_its_times():
    board = board_with("state_stale", start_s=2.0, duration_s=3.0)
    seen = {second: board.joint_report(report(second * S)) is None for second in (1, 2, 3, 5, 6, 9)}
    assert seen == {1: False, 2: False, 3: True, 5: True, 6: False, 9: False}


def test_same_fault_and_target_is_replaced_not_doubled():
    board = board_with("state_jump", JOINTS[0], value=0.2)
    board.start(FaultRequest("state_jump", JOINTS[0], 0.3), S)
    assert board.joint_report(report()).position[0] == pytest.approx(HOME[0] + 0.3)
    board.start(FaultRequest("state_jump", JOINTS[1], 0.3), S)
    assert len(board.active(S)) == 2
    assert board.clear("state_jump", JOINTS[1]) == f"ended: state_jump:{JOINTS[1]}"
    assert board.clear() == f"ended: state_jump:{JOINTS[0]}"
    assert board.clear() == "nothing to end"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (FaultRequest("nonsense"), "fault 'nonsense' is unknown; there are camera_drop"),
        (FaultRequest("camera_drop", "left"), "aims at a view, 'left' is none; there are top"),
        (FaultRequest("actuator_blocked"), "none was given; there are left_arm_joint_1"),
        (FaultRequest("state_stale", "top"), "takes no target, 'top' was given"),
        (FaultRequest("camera_drop", "top", 1.5), "share of lost pictures, 0 to 1"),
        (FaultRequest("state_stale", "", 1.0), "not used, 0"),
        (FaultRequest("camera_drop", "top", float("nan")), "0 to 1"),
        (FaultRequest("state_stale", "", 0.0, -1.0), "start of fault state_stale is -1.0"),
        (FaultRequest("state_stale", "", 0.0, 0.0, float("inf")), "duration"),
        (FaultRequest("camera_size", "top", 2.5), "whole factor, 2 to 16, a whole number"),
        (FaultRequest("camera_freeze", "top", 0.4), "1 with the old stamp, 0 to 1, a whole number"),
        (FaultRequest("camera_swap", "top"), "needs two views"),
        (FaultRequest("camera_swap", ""), "none was given"),
        (FaultRequest("camera_swap", "top+top"), "needs two views"),
    ],
)
def test_bad_request_is_refused_with_what_is_allowed(request_, words):
    board = FaultBoard(HOOKS, WORLD)
    with pytest.raises(ConfigError) as refused:
        board.start(request_, S)
    assert words in str(refused.value)
    assert board.active(S) == []


def test_clearing_an_unknown_fault_is_refused():
    with pytest.raises(ConfigError, match="is unknown"):
        FaultBoard(HOOKS, WORLD).clear("nonsense")


def test_launch_argument_is_read():
    assert FaultRequest.parse("camera_drop:top:0.5", 3.0) == FaultRequest("camera_drop", "top", 0.5, 3.0)
    assert FaultRequest.parse(" state_stale ") == FaultRequest("state_stale")
    assert FaultRequest.parse("state_jump::0.4") == FaultRequest("state_jump", "", 0.4)
    for text, words in (("a:b:c:d", "4 parts"), ("a:b:fast", "'fast'")):
        with pytest.raises(ConfigError, match=words):
            FaultRequest.parse(text)


def test_share_of_pictures_is_dropped():
    board = board_with("camera_drop", "top", value=0.3)
    kept = sum(len(board.frames([frame("top")], S)) for _ in range(1000))
    assert 640 < kept < 760


def test_frozen_camera_repeats_the_first_picture():
    board = board_with("camera_freeze", "top")
    first = board.frames([frame("top", S, 1)], S)[0]
    later = board.frames([frame("top", 2 * S, 2)], 2 * S)[0]
    assert later.stamp_ns == 2 * S
    np.testing.assert_array_equal(later.image, first.image)
    assert board_with("camera_freeze", "top", value=1.0).frames([frame("top")], S)[0].stamp_ns == S


def test_camera_hooks_paint_mirror_and_shrink():
    assert board_with("camera_black").frames([frame("front")], S)[0].image.max() == 0
    assert board_with("camera_black", value=1.0).frames([frame("front")], S)[0].image.min() == 255
    assert (board_with("camera_mirror").frames([frame("front")], S)[0].image[:, -1] == 7).all()
    assert board_with("camera_size", value=2.0).frames([frame("front")], S)[0].image.shape == (2, 3, 3)


def test_swapped_cameras_exchange_their_pictures():
    views = [f.view for f in board_with("camera_swap", "top+front").frames([frame("top"), frame("front")], S)]
    assert views == ["front", "top"]


def test_delayed_pictures_keep_their_stamps_and_order():
    board = board_with("camera_delay", "top", value=0.5)
    assert [f.view for f in board.frames([frame("top", S), frame("front", S)], S)] == ["front"]
    assert board.frames([frame("top", S + 1)], S + S // 4) == []
    assert [f.stamp_ns for f in board.frames([], S + S // 2 + 1)] == [S, S + 1]


def test_joint_hooks_change_only_their_joints():
    hit = board_with("state_nan", JOINTS[3]).joint_report(report())
    assert np.flatnonzero(np.isnan(hit.position)).tolist() == [3]
    missing = board_with("state_missing", f"{JOINTS[0]}+{JOINTS[35]}").joint_report(report())
    assert missing.names == JOINTS[1:35]
    turned = board_with("state_reordered").joint_report(report())
    assert turned.names == JOINTS[::-1]
    np.testing.assert_array_equal(turned.position, HOME[::-1])


def test_report_faults_work_together():
    board = board_with("state_stale")
    for fault, target in (
        ("state_nan", ""),
        ("state_jump", ""),
        ("state_missing", JOINTS[0]),
        ("state_reordered", ""),
        ("controller_inactive", "left_hand"),
        ("driver_dead", "left_hand"),
    ):
        board.start(FaultRequest(fault, target), S)
    assert board.joint_report(report()) is None


def test_blocked_joint_is_driven_to_where_it_got_stuck():
    board = board_with("actuator_blocked", JOINTS[2])
    first = board.targets(HOME + 1.0, HOME, S)
    later = board.targets(HOME + 2.0, HOME + 0.1, 2 * S)
    assert first[2] == later[2] == HOME[2]
    np.testing.assert_allclose(np.delete(later, 2), np.delete(HOME + 2.0, 2))


def test_ignored_commands_keep_the_old_targets_of_the_group():
    board = board_with("commands_ignored", "right_hand")
    board.targets(HOME, HOME, S)
    later = board.targets(HOME + 1.0, HOME, 2 * S)
    index = CONTRACT.group_indices("right_hand")
    np.testing.assert_array_equal(later[index], HOME[index])
    np.testing.assert_array_equal(np.delete(later, index), np.delete(HOME + 1.0, index))


def test_slow_bus_takes_the_newest_target_once_per_period():
    board = board_with("hand_bus_slow", "left_hand")
    index = CONTRACT.group_indices("left_hand")
    seen = [board.targets(HOME + k, HOME, S + k * 10_000_000)[index][0] for k in range(100)]
    changes = [k for k in range(1, 100) if seen[k] != seen[k - 1]]
    assert changes == [15, 30, 45, 60, 75, 90]
    assert seen[15] == HOME[index][0] + 15


def test_dead_driver_is_left_out_and_its_states_freeze():
    board = board_with("driver_dead", "left_hand")
    assert "left_hand" not in board.groups(tuple(WORLD.groups), S)
    board.joint_report(report())
    later = board.joint_report(report(shift=0.5))
    index = CONTRACT.group_indices("left_hand")
    np.testing.assert_array_equal(later.position[index], HOME[index])
    np.testing.assert_array_equal(np.delete(later.position, index), np.delete(HOME + 0.5, index))


def test_pause_counts_wall_time():
    board = board_with("clock_pause", duration_s=2.0)
    assert [board.is_paused(S, second * S) for second in (10, 11, 12, 13)] == [True, True, False, False]
    assert board_with("clock_pause").is_paused(S, 10**15)


def test_fault_of_the_guide_works_as_it_stands():
    shown = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    fault, hook = (textwrap.dedent(block) for block in shown)
    names = {"Fault": Fault, "FaultHook": FaultHook}
    exec(f"{fault}\nHOOK = {hook.rstrip().rstrip(',')}", names)
    board = FaultBoard((*HOOKS, names["HOOK"]), WORLD)
    said = board.start(FaultRequest("targets_scaled"), S)
    assert said == "targets_scaled begins at 1.000 s of simulated time: targets are a share of what was asked"
    np.testing.assert_array_equal(board.targets(HOME, HOME, S), 0.5 * HOME)


def test_every_hook_is_described_for_users():
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [hook.name for hook in HOOKS]
    for row, hook in zip(rows, HOOKS, strict=True):
        assert ("required" in row) == hook.needs_target, hook.name
        assert f"({hook.default:g})" in row or not hook.value, hook.name
