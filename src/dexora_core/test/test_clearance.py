"""Pins the collision check around the command path: fast arms stop before they touch, and may part again.

Row 54 of the fault matrix, without processes: results arrive 30 ms after the motion that they judge.
"""

from collections import deque

import numpy as np
import pytest
from closing import meeting_pose
from dexora_core.clearance import ClearanceJudge
from dexora_core.collision import CollisionModel
from dexora_core.intent import STEPS, asked_of_action
from dexora_core.stages import Clearance
from dexora_core.trajectory import Points
from path_cases import CONTRACT, HOME, MS, NAMES, TICK, Loop

from dexora_description import collision_path, urdf_path

MODEL = CollisionModel.load(urdf_path(), collision_path(), CONTRACT.joint_names)
LATENCY_TICKS = 3


class Watched:
    """A loop with a judge beside it, that looks every 20 ms and is heard some ticks later."""

    def __init__(self, **changes):
        self.loop = Loop(needs_clearance=True, **changes)
        self.judge = ClearanceJudge(CONTRACT, MODEL)
        self.late = deque([None] * LATENCY_TICKS)
        self.distances, self.codes = [], []

    def run(self, ticks, policy=None):
        loop = self.loop
        for _ in range(ticks):
            heard = self.late.popleft()
            if heard is not None:
                loop.path.clearance(loop.now + TICK, heard)
            loop.tick(policy=policy)
            self.late.append(self._look() if loop.now % (2 * TICK) == 0 else None)
            self.codes += [code for code in loop.codes() if code not in self.codes]

    def position(self):
        q = np.empty(len(HOME))
        for group, index in self.loop.path.limits.groups.items():
            q[index] = self.loop.receivers[group].state_at(self.loop.now)[0]
        return q

    def _look(self):
        loop, q = self.loop, self.position()
        self.judge.measured(NAMES, q, loop.now)
        poses = loop.path.intent(loop.now)
        self.judge.intent(NAMES, poses, loop.now)
        stamp, found = self.judge.judge()
        here = MODEL.judge(q[None], q[None])
        self.distances.append((here.distance_m, here.stop_m, here.pair))
        return Clearance(stamp, found.distance_m, found.ahead_m, found.pair, found.slow_m, found.stop_m)

    def acquire(self):
        return self.loop.path.acquire(self.loop.now, "policy", "policy_node")


def towards(goal, begin_ns, seconds, start=HOME):
    """A smooth motion to `goal`, as a function of time [s]."""

    def motion(t):
        share = np.clip((t - begin_ns * 1e-9) / seconds, 0.0, 1.0)
        return start + (goal - start) * (1 - np.cos(np.pi * share)) / 2

    return motion


def approach(seed, seconds):
    """Drive the arms into each other; return what was watched."""
    watched = Watched()
    watched.run(10)
    assert watched.acquire().granted
    goal = meeting_pose(CONTRACT, np.random.default_rng(seed))
    watched.run(round(seconds * 100) + 100, policy=towards(goal, watched.loop.now, seconds))
    return watched


@pytest.mark.parametrize("seconds", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(4))
def test_arms_that_are_driven_together_stop_before_they_touch(seed, seconds):
    watched = approach(seed, seconds)
    assert "DX-GAT-009" in watched.codes
    assert (watched.loop.last.owner, watched.loop.last.is_moving) == ("hold", False)
    nearest, stop, pair = min(watched.distances, key=lambda entry: entry[0] - entry[1])
    assert nearest > 0.4 * stop, pair


def test_arms_at_rest_within_the_margin_may_part_but_not_close():
    watched = approach(0, 1.0)
    rest = watched.position()
    loop = watched.loop
    goal = meeting_pose(CONTRACT, np.random.default_rng(0))
    before = watched.distances[-1][0]
    for _ in range(3):
        assert watched.acquire().granted
        watched.codes = []
        watched.run(30, policy=towards(goal, loop.now, 0.5, rest))
        assert "DX-GAT-009" in watched.codes
        assert watched.distances[-1][0] > before - 0.001, "tries must not add up to a touch"
    assert watched.acquire().granted
    watched.codes = []
    watched.run(400, policy=towards(HOME, loop.now, 2.0, watched.position()))
    assert "DX-GAT-009" not in watched.codes
    assert watched.position() == pytest.approx(HOME, abs=0.01)


def test_nothing_is_slowed_where_there_is_room():
    watched = Watched()
    watched.run(10)
    watched.acquire()
    watched.run(200, policy=lambda t: HOME + 0.1 * np.sin(2 * t) * (np.arange(36) == 3))
    assert watched.codes == []


def test_silence_stops_with_its_own_code_and_refuses_the_lease():
    loop = Loop(needs_clearance=True)
    loop.path.clearance(10 * MS, Clearance(10 * MS, 0.5, 0.5, "hands"))
    loop.tick(20)
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted
    loop.tick(8, policy=lambda _t: HOME)
    assert "DX-GAT-015" in loop.codes()
    assert loop.last.owner == "hold"
    refused = loop.path.acquire(loop.now, "policy", "policy_node")
    assert not refused.granted
    sentence = next(f.sentence for f in loop.last.safety.faults if f.code == "DX-GAT-015")
    assert sentence == "The collision distance is 260 ms old, bound 250 ms; the robot stopped."
    loop.path.clearance(loop.now, Clearance(loop.now, 0.5, 0.5, "hands"))
    loop.tick()
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted


def test_repeated_or_old_judgements_are_no_sign_of_life():
    loop = Loop(needs_clearance=True)
    for _ in range(30):
        loop.path.clearance(loop.now, Clearance(10 * MS, 0.5, 0.5, "hands"))
        loop.tick()
    assert loop.codes() == ["DX-GAT-015"]


def test_silence_says_nothing_where_the_check_is_not_needed():
    loop = Loop()
    loop.tick(100)
    assert loop.codes() == []


def test_action_that_leads_too_near_is_stopped_and_one_that_parts_is_not():
    for ahead, is_stopped in ((0.004, True), (0.02, False)):
        loop = Loop()
        loop.path.clearance(0, Clearance(0, 0.005, 0.005, "hands"))
        loop.tick(2)
        loop.path.acquire(loop.now, "homing", "command_node")
        motion = Points(np.array([1.0]), HOME[None] + 0.1, np.zeros((1, 36)), np.zeros((1, 36)))
        loop.path.set_external(loop.now, True, motion)
        loop.tick(2)
        assert loop.last.safety.may_move, "the result is older than the action"
        loop.path.clearance(loop.now, Clearance(loop.now, 0.005, ahead, "hands"))
        loop.tick()
        assert ("DX-GAT-009" in loop.codes()) == is_stopped
        assert loop.last.safety.may_move != is_stopped


def test_intent_tells_where_the_command_is_rests_and_is_asked_to_go():
    loop = Loop()
    loop.tick(2)
    assert loop.path.intent(loop.now) == pytest.approx(np.stack([HOME, HOME]), abs=1e-6)
    loop.path.acquire(loop.now, "policy", "policy_node")
    goal = HOME + 0.2 * (np.arange(36) == 3)
    loop.tick(40, policy=towards(goal, loop.now, 2.0))
    now, rest, *asked = loop.path.intent(loop.now)[:, 3]
    assert HOME[3] < now < rest < asked[-1] < goal[3]
    assert len(asked) == STEPS
    assert np.all(np.diff(asked) > 0.0)


def test_action_is_asked_along_its_points():
    points = Points(np.array([0.1, 0.3]), np.array([[1.0], [3.0]]), np.zeros((2, 1)), np.zeros((2, 1)))
    asked = asked_of_action(points, 0, 100 * MS)[:, 0]
    assert asked == pytest.approx([1.5, 2.0, 2.5, 3.0, 3.0, 3.0])


def judge_of(measured=None):
    judge = ClearanceJudge(CONTRACT, MODEL)
    if measured is not None:
        judge.measured(NAMES, measured, 7)
    return judge


def test_judge_waits_for_every_joint_and_tells_which():
    judge = judge_of()
    values = dict(zip(NAMES, HOME, strict=True))
    missing = values.pop("left_arm_joint_2")
    judge.measured(list(values), list(values.values()), 5)
    assert (judge.judge(), judge.lacks) == (None, "left_arm_joint_2")
    judge.measured(["left_arm_joint_2", "wheel"], [np.nan, 1.0], 6)
    assert judge.judge() is None
    judge.measured(["left_arm_joint_2"], [missing], 7)
    assert judge.judge()[0] == 7
    assert judge.lacks == ""


@pytest.mark.parametrize(
    ("names", "poses"),
    [
        (NAMES[::-1], [HOME, HOME]),
        (NAMES, [HOME]),
        (NAMES, [HOME, HOME[:-1]]),
        (NAMES, [HOME, np.full(36, np.nan)]),
        (NAMES, []),
    ],
)
def test_judge_takes_no_intent_that_does_not_fit(names, poses):
    judge = judge_of(HOME)
    judge.intent(names, poses, 99)
    assert judge.judge()[0] == 7


def test_fingers_count_where_they_are_commanded_and_arms_where_they_are_measured():
    goal = meeting_pose(CONTRACT, np.random.default_rng(3))
    judge = judge_of(goal)
    judge.intent(NAMES, [HOME, HOME], 9)
    assert judge.judge()[1].distance_m < 0.01 < judge.judge()[1].ahead_m
    fingers = HOME.copy()
    hands = np.concatenate([CONTRACT.group_indices(group) for group in ("left_hand", "right_hand")])
    fingers[hands] = CONTRACT.upper_rad[hands]
    judge = judge_of(fingers)
    judge.intent(NAMES, [HOME, HOME], 9)
    assert judge.judge()[1] == judge_of(HOME).judge()[1]
