"""Pins that every fault hook has the effect it names, where the rest of the system would see it.

Rows of the fault matrix: 1-7 cameras, 8-11 joint states, 12 blocked joint, 29 inactive controller, 30
commands ignored, 31 dead hand driver, 40 paused clock, and the slow hand bus.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from dexora_ros.buffers import image_view

from .twin_client import CONTRACT, TwinClient, to_ns

pytestmark = pytest.mark.system
HAND, ARM = "left_hand", "right_arm"
VIEWS = CONTRACT.views
TESTED = set()


def home(group):
    return CONTRACT.home_rad[CONTRACT.group_indices(group)]


def away(group, step_rad=0.4):
    index = CONTRACT.group_indices(group)
    middle = (CONTRACT.lower_rad[index] + CONTRACT.upper_rad[index]) / 2
    wanted = home(group) + step_rad * np.sign(middle - home(group))
    return np.clip(wanted, CONTRACT.lower_rad[index], CONTRACT.upper_rad[index])


@pytest.fixture(scope="module")
def running_twin():
    client = TwinClient(fault="state_nan:left_arm_joint_1", fault_start=0.5)
    yield client
    assert client.close() == 0


@pytest.fixture
def twin(running_twin):
    running_twin.calm_down()
    return running_twin


def inject(twin, fault, target="", **options):
    TESTED.add(fault)
    answer = twin.inject(fault, target, **options)
    assert answer.success, answer.message
    twin.let_pass(0.1)
    for seen in (twin.joint_states, twin.pictures):
        seen.clear()
    twin.pictures_of.clear()
    return answer


def picture(twin, view, number=-1):
    return [message for seen, message, _ in twin.pictures if seen == view][number]


def test_fault_of_the_launch_argument_begins_at_its_time(running_twin):
    running_twin.until(lambda: any(np.isnan(m.position[0]) for m in running_twin.joint_states))
    broken = [m for m in running_twin.joint_states if np.isnan(m.position[0])]
    assert to_ns(broken[0].header.stamp) >= 1_500_000_000
    running_twin.calm_down()
    running_twin.let_pass(0.1)
    assert np.isfinite(running_twin.joint_states[-1].position).all()


def test_dropped_camera_sends_nothing(twin):
    inject(twin, "camera_drop", "top")
    twin.until(lambda: twin.pictures_of["front"] >= 5)
    assert twin.pictures_of["top"] == 0


def test_frozen_camera_repeats_pixels_with_new_stamps(twin):
    inject(twin, "camera_freeze", "front")
    twin.send(ARM, (0.5, away(ARM)))
    twin.until(lambda: twin.pictures_of["front"] >= 8)
    np.testing.assert_array_equal(image_view(picture(twin, "front", 0)), image_view(picture(twin, "front")))
    assert to_ns(picture(twin, "front").header.stamp) > to_ns(picture(twin, "front", 0).header.stamp)


def test_frozen_camera_can_repeat_its_stamp_too(twin):
    inject(twin, "camera_freeze", "front", value=1.0)
    twin.until(lambda: twin.pictures_of["front"] >= 4)
    assert to_ns(picture(twin, "front").header.stamp) == to_ns(picture(twin, "front", 0).header.stamp)


def test_black_camera_is_black(twin):
    inject(twin, "camera_black", "wrist_left")
    twin.until(lambda: twin.pictures_of["wrist_left"] and twin.pictures_of["top"])
    assert image_view(picture(twin, "wrist_left")).max() == 0
    assert image_view(picture(twin, "top")).max() > 0


def test_delayed_camera_is_late_with_true_stamps(twin):
    inject(twin, "camera_delay", "top", value=1.0)
    twin.until(lambda: twin.pictures_of["top"] >= 3)
    ages_ns = [now_ns - to_ns(m.header.stamp) for view, m, now_ns in twin.pictures if view == "top"]
    assert min(ages_ns) >= 0.98e9


def test_swapped_cameras_show_each_other(twin):
    twin.until(lambda: twin.pictures_of["top"] and twin.pictures_of["front"])
    top, front = image_view(picture(twin, "top")).copy(), image_view(picture(twin, "front")).copy()
    inject(twin, "camera_swap", "top+front")
    twin.until(lambda: twin.pictures_of["top"] and twin.pictures_of["front"])
    assert difference(image_view(picture(twin, "top")), front) < difference(front, top) / 3
    assert difference(image_view(picture(twin, "front")), top) < difference(front, top) / 3


def difference(one, other):
    return np.abs(one.astype(float) - other).mean()


def test_mirrored_camera_is_mirrored(twin):
    twin.until(lambda: twin.pictures_of["top"])
    before = image_view(picture(twin, "top")).copy()
    inject(twin, "camera_mirror", "top")
    twin.until(lambda: twin.pictures_of["top"])
    now = image_view(picture(twin, "top"))
    assert difference(now[:, ::-1], before) < difference(now, before) / 3


def test_camera_of_wrong_size_is_smaller(twin):
    inject(twin, "camera_size", "front", value=2.0)
    twin.until(lambda: twin.pictures_of["front"])
    assert (picture(twin, "front").width, picture(twin, "front").height) == (32, 24)


def test_stale_joint_states_stop_while_the_world_goes_on(twin):
    inject(twin, "state_stale")
    twin.let_pass(0.3)
    assert twin.joint_states == []


def test_joint_states_with_nan(twin):
    inject(twin, "state_nan", "left_arm_joint_2")
    twin.until(lambda: twin.joint_states)
    assert np.flatnonzero(np.isnan(twin.joint_states[-1].position)).tolist() == [1]


def test_joint_states_jump(twin):
    inject(twin, "state_jump", "left_arm_joint_3", value=0.7)
    twin.let_pass(0.2)
    step = np.array(twin.joint_states[-1].position) - np.array(twin.truth[-1].position)
    np.testing.assert_allclose(step, 0.7 * (np.arange(36) == 2), atol=0.01)


def test_joint_missing_from_states(twin):
    inject(twin, "state_missing", "right_hand_joint_7")
    twin.until(lambda: twin.joint_states)
    assert len(twin.joint_states[-1].name) == len(twin.joint_states[-1].position) == 35
    assert "right_hand_joint_7" not in twin.joint_states[-1].name


def test_joint_states_in_another_order(twin):
    inject(twin, "state_reordered")
    twin.until(lambda: twin.joint_states)
    newest = twin.joint_states[-1]
    assert list(newest.name) == list(CONTRACT.joint_names)[::-1]
    order = [list(newest.name).index(name) for name in CONTRACT.joint_names]
    np.testing.assert_allclose(np.array(newest.position)[order], CONTRACT.home_rad, atol=1.0)


def test_blocked_joint_stays_while_the_others_move(twin):
    inject(twin, "actuator_blocked", "right_arm_joint_4")
    before = twin.position(ARM)
    goal = away(ARM) if np.abs(before - home(ARM)).max() < 0.1 else home(ARM)
    twin.send(ARM, (0.5, goal))
    twin.let_pass(0.9)
    moved = np.abs(twin.position(ARM) - before)
    assert moved[3] < 0.01
    assert np.delete(moved, 3).min() > 0.1


def test_ignored_commands_are_accepted_and_do_nothing(twin):
    inject(twin, "commands_ignored", ARM)
    before = twin.position(ARM)
    goal = away(ARM) if np.abs(before - home(ARM)).max() < 0.1 else home(ARM)
    twin.send(ARM, (0.3, goal))
    twin.let_pass(0.6)
    np.testing.assert_allclose(twin.position(ARM), before, atol=2e-3)
    np.testing.assert_allclose(twin.states[ARM][-1].reference.positions, goal)


def test_slow_hand_bus_moves_in_steps_of_150_ms(twin):
    inject(twin, "hand_bus_slow", HAND)
    begin_ns = twin.now_ns()
    goal = away(HAND) if np.abs(twin.position(HAND) - home(HAND)).max() < 0.1 else home(HAND)
    twin.send(HAND, (1.2, goal))
    twin.let_pass(1.6)
    seconds, _, velocities = twin.truth_since(begin_ns, HAND)
    speed = np.abs(velocities).max(axis=1)
    starts = seconds[1:][(speed[1:] > 0.5) & (speed[:-1] <= 0.5)]
    assert 5 <= len(starts) <= 10
    assert np.median(np.diff(starts)) == pytest.approx(0.15, abs=0.012)
    np.testing.assert_allclose(twin.position(HAND), goal, atol=0.02)


def test_dead_driver_is_silent_refuses_and_holds_and_comes_back_without_moving(twin):
    inject(twin, "driver_dead", HAND)
    before, reports = twin.position(HAND), len(twin.states[HAND])
    twin.send(HAND, (0.3, away(HAND) + 0.05))
    answer = twin.run_goal(HAND, twin.trajectory(HAND, (0.3, home(HAND))))
    assert "does not answer" in answer.result.error_string
    twin.let_pass(0.3)
    assert len(twin.states[HAND]) == reports
    assert twin.states[ARM]
    twin.inject("driver_dead", HAND, clear=True)
    twin.let_pass(0.5)
    assert len(twin.states[HAND]) > reports
    np.testing.assert_allclose(twin.position(HAND), before, atol=2e-3)


def test_inactive_controller_neither_listens_nor_reports_while_the_driver_goes_on(twin):
    inject(twin, "controller_inactive", HAND)
    before, reports = twin.position(HAND), len(twin.states[HAND])
    twin.send(HAND, (0.3, away(HAND) + 0.05))
    twin.let_pass(0.4)
    assert len(twin.states[HAND]) == reports
    assert twin.joint_states
    assert twin.inject("controller_inactive", HAND, clear=True).success
    twin.until(lambda: len(twin.states[HAND]) > reports)
    twin.let_pass(0.3)
    np.testing.assert_allclose(twin.position(HAND), before, atol=2e-3)


def test_paused_clock_stands_still_and_goes_on(twin):
    TESTED.add("clock_pause")
    wall_s = time.monotonic()
    assert twin.inject("clock_pause", duration=1.0).success
    stood_still = twin.clock_ns
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        twin.executor.spin_once(timeout_sec=0.05)
    assert twin.clock_ns - stood_still < 100_000_000
    paused_at = twin.clock_ns
    twin.until(lambda: twin.clock_ns > paused_at)
    assert time.monotonic() - wall_s > 0.9


def test_unknown_fault_and_target_are_refused_with_what_there_is(twin):
    assert "camera_drop" in twin.inject("nonsense").message
    assert "there are top" in twin.inject("camera_drop", "left").message
    assert "0 to 1" in twin.inject("camera_drop", "top", value=7.0).message
    listed = twin.inject("list")
    assert listed.success
    assert listed.active == []


def test_every_hook_was_tested(twin):
    assert set(twin.inject("list").available) == TESTED
