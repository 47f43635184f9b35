"""Pins the twin's four controllers across processes: reach, replace, refuse, stop by itself.

Times and motions are read from the twin's ground truth in simulated time.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTolerance

from .twin_client import CONTRACT, GROUPS, TwinClient, to_ns

pytestmark = pytest.mark.system
Result = FollowJointTrajectory.Result
ARM = "left_arm"


@pytest.fixture(scope="module")
def running_twin():
    client = TwinClient()
    yield client
    assert client.close() == 0


@pytest.fixture
def twin(running_twin):
    running_twin.calm_down()
    return running_twin


def home(group):
    return CONTRACT.home_rad[CONTRACT.group_indices(group)]


def direction(group):
    """Return a sign per joint: ways out of the home pose that meet nothing."""
    if group == ARM:
        return np.array([-1.0, 1.0, 1.0, 1.0, 1.0, -1.0])
    index = CONTRACT.group_indices(group)
    return np.sign((CONTRACT.lower_rad[index] + CONTRACT.upper_rad[index]) / 2 - home(group))


def shifted(group, step_rad=0.3):
    index = CONTRACT.group_indices(group)
    wanted = home(group) + step_rad * direction(group)
    return np.clip(wanted, CONTRACT.lower_rad[index], CONTRACT.upper_rad[index])


def test_joint_states_come_at_100_hz_or_more_with_effort_and_stamps(twin):
    begin_ns = twin.clock_ns
    twin.let_pass(1.0)
    stamps = np.array([to_ns(m.header.stamp) for m in twin.joint_states])
    assert np.diff(stamps).max() <= 2 * 10_000_000
    assert np.median(np.diff(stamps)) <= 10_000_000
    newest = twin.joint_states[-1]
    assert list(newest.name) == list(CONTRACT.joint_names)
    assert len(newest.position) == len(newest.velocity) == len(newest.effort) == 36
    assert np.abs(stamps - begin_ns).min() <= 10_000_000, "stamps are times of the clock"
    assert stamps[-1] <= twin.clock_ns + 10_000_000


@pytest.mark.parametrize("group", GROUPS)
def test_topic_moves_every_group_to_its_goal(twin, group):
    twin.send(group, (0.6, shifted(group)))
    twin.let_pass(0.8)
    np.testing.assert_allclose(twin.position(group), shifted(group), atol=0.02)
    assert list(twin.states[group][-1].joint_names) == list(CONTRACT.group_joints(group))
    np.testing.assert_allclose(twin.states[group][-1].reference.positions, shifted(group))


def test_action_reaches_the_goal_and_holds(twin):
    answer = twin.run_goal(ARM, twin.trajectory(ARM, (0.8, home(ARM), np.zeros(6))))
    assert (answer.status, answer.result.error_code) == (GoalStatus.STATUS_SUCCEEDED, Result.SUCCESSFUL)
    twin.let_pass(0.3)
    np.testing.assert_allclose(twin.position(ARM), home(ARM), atol=0.02)


def test_action_is_replaced_by_a_newer_goal_without_a_jump(twin):
    begin_ns = twin.now_ns()
    still = np.zeros(6)
    _, first = twin.start_goal(ARM, twin.trajectory(ARM, (2.0, shifted(ARM, 0.5), still)))
    twin.let_pass(0.4)
    second = twin.run_goal(ARM, twin.trajectory(ARM, (0.8, home(ARM), still)))
    assert second.status == GoalStatus.STATUS_SUCCEEDED
    assert first.done()
    assert first.result().result.error_code == Result.INVALID_GOAL
    assert "replaced" in first.result().result.error_string
    _, positions, _ = twin.truth_since(begin_ns, ARM)
    assert np.abs(np.diff(positions, axis=0)).max() < 2.5 * 0.008 * 1.5


def test_cancel_stops_and_holds(twin):
    handle, result = twin.start_goal(ARM, twin.trajectory(ARM, (3.0, shifted(ARM, 0.6))))
    twin.let_pass(0.5)
    cancel = handle.cancel_goal_async()
    twin.until(lambda: cancel.done() and result.done())
    assert result.result().status == GoalStatus.STATUS_CANCELED
    twin.let_pass(0.3)
    assert twin.speed(ARM) < 0.02


def refusals():
    ok, joints = home(ARM), list(CONTRACT.group_joints(ARM))
    nan = ok.copy()
    nan[2] = math.nan
    outside = ok.copy()
    outside[0] = 3.0

    def rename(message, names):
        message.joint_names = names
        return message

    return {
        "wrong name": (lambda t: rename(t.trajectory(ARM, (0.5, ok)), [*joints[:5], "elbow"]), -2, "elbow"),
        "35 names": (
            lambda t: rename(t.trajectory(ARM, (0.5, np.zeros(35))), list(CONTRACT.joint_names[:35])),
            -2,
            "unknown",
        ),
        "one missing": (lambda t: rename(t.trajectory(ARM, (0.5, ok[:5])), joints[:5]), -2, joints[5]),
        "twice": (lambda t: rename(t.trajectory(ARM, (0.5, ok)), [*joints[:5], joints[0]]), -2, "duplicate"),
        "size": (lambda t: t.trajectory(ARM, (0.5, ok[:5])), -1, "5 positions for 6 joints"),
        "NaN": (lambda t: t.trajectory(ARM, (0.5, nan)), -1, joints[2]),
        "empty": (lambda t: t.trajectory(ARM), -1, "this one has 0"),
        "times": (lambda t: t.trajectory(ARM, (0.5, ok), (0.4, ok)), -1, "strictly increase"),
        "past": (lambda t: t.trajectory(ARM, (0.1, ok), stamp_ns=t.now_ns() - 10**9), -3, "ended"),
        "other clock": (lambda t: t.trajectory(ARM, (0.1, ok), stamp_ns=10**18), -1, "use_sim_time"),
        "outside": (lambda t: t.trajectory(ARM, (0.5, outside)), -1, "outside"),
        "moving end": (lambda t: t.trajectory(ARM, (0.5, ok, np.full(6, 0.2))), -1, "end at rest"),
    }


@pytest.mark.parametrize("case", refusals())
def test_bad_trajectory_is_refused_with_its_code_and_moves_nothing(twin, case):
    make, code, words = refusals()[case]
    before = twin.position(ARM)
    answer = twin.run_goal(ARM, make(twin))
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_code == code
    assert words in answer.result.error_string
    if case != "moving end":  # the streaming topic allows it
        twin.commands[ARM].publish(make(twin))
    twin.let_pass(0.15)
    np.testing.assert_allclose(twin.position(ARM), before, atol=1e-3)


def test_refused_goal_leaves_the_running_one_alone(twin):
    _, result = twin.start_goal(ARM, twin.trajectory(ARM, (0.8, shifted(ARM), np.zeros(6))))
    bad = twin.run_goal(ARM, twin.trajectory(ARM, (0.5, np.full(6, math.nan))))
    assert bad.result.error_code == Result.INVALID_GOAL
    twin.until(result.done)
    assert result.result().status == GoalStatus.STATUS_SUCCEEDED


def test_stream_that_ends_stops_by_itself_within_150_ms(twin):
    twin.run_goal(ARM, twin.trajectory(ARM, (0.8, home(ARM), np.zeros(6))))
    speed = 0.8 * direction(ARM)
    start_ns = twin.now_ns() + 300_000_000
    ramp_s, cruise_s = 0.4, 0.3
    ramped = home(ARM) + speed * ramp_s / 2
    cruised = ramped + speed * cruise_s
    zero = np.zeros(6)
    rows = [(0.0, home(ARM), zero), (ramp_s, ramped, speed), (ramp_s + cruise_s, cruised, speed)]
    twin.send(ARM, *rows, stamp_ns=start_ns)
    twin.let_pass(1.5)
    end_ns = start_ns + round((ramp_s + cruise_s) * 1e9)
    seconds, _, velocities = twin.truth_since(end_ns, ARM)
    assert np.abs(velocities[0]).min() > 0.5
    fastest = np.abs(velocities[seconds >= 0.150]).max()
    assert fastest < 0.05, f"{fastest} rad/s left 150 ms after the end"
    assert np.abs(velocities[seconds >= 0.250]).max() < 0.02
    assert np.abs(np.diff(velocities, axis=0) / 0.008).max() < 30.0


def test_blocked_joint_violates_the_path_tolerance(twin):
    twin.run_goal(ARM, twin.trajectory(ARM, (0.8, home(ARM))))
    joint = CONTRACT.group_joints(ARM)[1]
    assert twin.inject("actuator_blocked", joint).success
    bounds = [JointTolerance(name=joint, position=0.1)]
    message = twin.trajectory(ARM, (1.0, home(ARM) + 0.35 * direction(ARM), np.zeros(6)))
    answer = twin.run_goal(ARM, message, path_tolerance=bounds)
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    assert joint in answer.result.error_string
    assert twin.inject("actuator_blocked", joint, clear=True).active == []
