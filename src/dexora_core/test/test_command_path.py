"""The whole path: ownership, take-over, stops, grips, what is sent, and what a dead sender leaves behind."""

import numpy as np
import pytest
from dexora_core.chunk import ChunkStamps
from dexora_core.command_path import CommandPath
from dexora_core.command_types import AgeBounds, CommandConfig
from dexora_core.contract import AgeLimit
from dexora_core.coupling import GroupMode
from dexora_core.errors import TrajectoryError
from dexora_core.faults import Level, make_fault
from dexora_core.stages import Clearance
from path_cases import CONTRACT, HOME, MS, NAMES, TICK, Loop, sway
from receiver import Receiver


def running(**changes):
    """A loop in which the policy owns the robot and sways it."""
    loop = Loop(**changes)
    loop.tick()
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted
    loop.tick(100, policy=sway)
    assert loop.codes() == []
    assert loop.last.is_moving
    return loop


def test_idle_path_holds_and_sends_a_hold_to_every_group():
    loop = Loop()
    out = loop.tick(3)
    assert (out.owner, out.is_moving, out.safety.level) == ("hold", False, Level.OK)
    assert set(out.trajectories) == set(CONTRACT.group_names)
    for group, points in out.trajectories.items():
        assert len(points) == 1
        assert points.position[-1] == pytest.approx(HOME[CONTRACT.group_indices(group)], abs=1e-5)
    status = loop.path.status(loop.now)
    assert (status.source, status.chunk_sequence, status.delay_s, status.splice) == ("", 0, 0.0, None)


def test_motion_of_a_silent_policy_has_ended_when_its_silence_is_a_fault():
    loop = running()
    heard_ns = loop.now - TICK  # chunks come every 50 ms, the last one at 1 s
    loop.tick(16)
    assert loop.codes() == ["DX-FRS-009"]
    while loop.last.is_moving:
        loop.tick()
    assert loop.now - heard_ns <= 300 * MS
    assert loop.codes() == ["DX-FRS-009"], "it waits, and the policy still owns the robot"
    loop.tick(2)
    assert loop.now - heard_ns <= 290 * MS
    while "DX-FRS-010" not in loop.codes():
        loop.tick()
    assert loop.now - heard_ns == 290 * MS
    assert loop.last.owner == "hold"


def test_policy_that_comes_back_in_time_goes_on_without_a_jolt():
    loop = running()
    loop.tick(23)
    assert np.abs(loop.last.state[1]).max() < 0.05
    speeds, rested = [], loop.last.state
    for _ in range(60):
        loop.tick(policy=sway)
        speeds.append(np.abs(loop.last.state[1]).max())
    assert loop.last.owner == "policy"
    assert loop.last.state[0] == pytest.approx(sway(loop.now * 1e-9), abs=0.02)
    assert np.abs(loop.last.state[0] - rested[0]).max() > 0.05
    assert max(speeds) < 1.5, "the motion fades in; at the limits it would take 2.5 rad/s"


def test_policy_moves_the_robot_along_its_chunk():
    loop = running()
    wanted = sway(loop.now * 1e-9)
    assert loop.last.state[0] == pytest.approx(wanted, abs=5e-3)
    status = loop.path.status(loop.now)
    assert status.source == "policy"
    assert status.strategy == "prefix"
    assert 1.3 < status.buffered_s < 1.6
    assert status.delay_s == pytest.approx(0.04)
    assert status.committed_steps >= 3
    assert status.accepted == 20
    assert status.ticks == 101
    assert status.splice.position_jump.max() < 0.02
    assert loop.last.verdict.passed.mean() > 0.8


def test_receivers_follow_the_plan_exactly_and_inside_the_limits():
    loop = running()
    limits, worst = loop.path.limits, 0.0
    for _ in range(60):
        loop.tick(policy=sway)
        for shift in (1, 4, 9):
            at = loop.now + shift * MS
            plan = loop.path.gate.plan.state_at(at)
            for group, index in limits.groups.items():
                state = loop.receivers[group].state_at(at)
                worst = max(worst, float(np.abs(state[0] - plan[0, index]).max()))
                assert (np.abs(state[1]) <= limits.velocity[index]).all()
                assert (np.abs(state[2]) <= limits.acceleration[index]).all()
    assert worst < 1e-9


def test_dead_command_node_is_a_smooth_stop_at_the_receivers():
    loop = running()
    limits = loop.path.limits
    for group, points in loop.last.trajectories.items():
        assert not points.velocity[-1].any()
        assert not points.acceleration[-1].any()
        assert points.times_s[-1] < 0.5
        index = limits.groups[group]
        before = None
        for at in range(loop.now, loop.now + 600 * MS, MS):
            state = loop.receivers[group].state_at(at)
            assert (state[0] >= limits.lower[index]).all()
            assert (state[0] <= limits.upper[index]).all()
            assert (np.abs(state[1]) <= limits.velocity[index]).all()
            assert (np.abs(state[2]) <= limits.acceleration[index]).all()
            if before is not None:
                assert (np.abs(state[2] - before) <= limits.jerk[index] * 1e-3 * 1.0001 + 1e-6).all()
            before = state[2]
        assert not state[1].any()


def test_chunks_of_others_or_of_an_old_epoch_are_dropped_and_counted():
    loop = running()
    assert loop.chunk("teleop", sway).code == "DX-CHK-008"
    assert loop.chunk("policy", sway, epoch=0).code == "DX-CHK-007"
    loop.tick(policy=sway)
    assert set(loop.codes()) == {"DX-CHK-008", "DX-CHK-007"}
    assert loop.last.safety.level is Level.NOTE
    assert loop.path.status(loop.now).discards == {"DX-CHK-008": 1, "DX-CHK-007": 1}


def test_teleoperation_takes_over_within_a_tick_and_blends_in_300_ms():
    loop = running()
    target = HOME + 0.05 * (CONTRACT.upper_rad - 0.1 > HOME)
    grant = loop.path.acquire(loop.now, "teleop", "glove")
    assert (grant.granted, grant.owner, loop.path.arbiter.epoch) == (True, "teleop", grant.epoch)
    assert loop.chunk("policy", sway).code == "DX-CHK-008"
    before = loop.last.state
    out = loop.tick(teleop=lambda _: target)
    assert out.owner == "teleop"
    assert np.abs(out.state[0] - before[0]).max() <= CONTRACT.max_velocity_rad_s.max() * 0.01
    loop.tick(60, teleop=lambda _: target)
    assert loop.last.state[0] == pytest.approx(target, abs=2e-3)
    released = loop.path.release(loop.now, "teleop", "glove")
    assert released.owner == "hold"
    loop.tick(100)
    assert (loop.last.owner, loop.last.is_moving) == ("hold", False)
    assert not loop.path.renew(loop.now, "teleop", "glove").granted


def test_silent_policy_warns_then_stops_and_needs_a_fresh_lease():
    loop = running()
    loop.tick(16)
    assert loop.codes() == ["DX-FRS-009"]
    assert loop.last.safety.speed_scale == 0.5
    loop.tick(20)
    assert loop.codes()[0] == "DX-FRS-010"
    assert (loop.last.owner, loop.last.safety.level) == ("hold", Level.SOFT_STOP)
    loop.tick(60)
    assert not loop.last.is_moving
    assert loop.chunk("policy", sway).code == "DX-CHK-008"
    loop.tick(5)
    assert not loop.last.is_moving
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted
    loop.tick(100, policy=sway)
    assert loop.last.is_moving


def test_short_buffer_counts_as_a_lost_policy():
    loop = running()
    for _ in range(20):
        loop.tick(1)
        loop.chunk("policy", sway, horizon=5)
    assert "DX-FRS-011" in loop.codes()
    assert loop.last.owner == "hold"


def test_replay_may_run_its_chunk_to_the_end():
    assert CommandConfig.from_contract(CONTRACT, strategy="replay").min_buffered_ns == 0


def test_emergency_stop_revokes_stops_asks_for_power_off_and_latches():
    loop = running()
    loop.path.supervision.set_enable_line(False)
    out = loop.tick()
    assert (out.safety.level, out.owner, out.safety.asks_power_off) == (Level.POWER_REQUEST, "hold", False)
    loop.tick(40)
    assert loop.last.safety.asks_power_off
    assert not loop.last.is_moving
    loop.path.supervision.set_enable_line(True)
    loop.tick(200, policy=sway)
    assert (loop.last.safety.level, loop.last.is_moving) == (Level.LATCHED_HOLD, False)
    refused = loop.path.acquire(loop.now, "policy", "policy_node")
    assert refused.fault.code == "DX-ARB-003"
    assert "operator's name" in loop.path.reset(loop.now, [], " ").message
    assert not loop.path.reset(loop.now, [], "ada", self_test_ok=False).success
    assert "self-test failed" in loop.path.reset(loop.now, [], "ada", self_test_ok=False).message
    assert loop.path.reset(loop.now, [], "ada").success
    loop.tick(10, policy=sway)
    assert not loop.last.is_moving
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted


def test_emergency_stop_shorter_than_a_tick_counts():
    loop = running()
    loop.path.supervision.set_enable_line(False)
    loop.path.supervision.set_enable_line(True)
    loop.tick(policy=sway)
    assert (loop.codes()[0], loop.last.owner) == ("DX-HWD-001", "hold")
    loop.tick()
    assert loop.last.safety.level is Level.LATCHED_HOLD


def test_power_request_withdrawn_before_the_tick_counts():
    loop = running()
    loop.path.supervision.set_power_request("silence")
    loop.path.supervision.set_power_request("")
    loop.tick(policy=sway)
    assert loop.codes()[0] == "DX-HWD-002"
    loop.tick()
    assert loop.last.safety.level is Level.LATCHED_HOLD


def test_watchdog_request_is_a_power_request():
    loop = running()
    loop.path.supervision.set_power_request("no heartbeat for 100 ms")
    loop.tick()
    assert loop.codes()[0] == "DX-HWD-002"


def test_dead_hand_freezes_itself_stops_the_arms_and_leaves_the_other_grip():
    loop = running()
    loop.silent.add("left_hand")
    loop.tick(12, policy=sway)
    assert loop.last.modes == {
        "left_arm": GroupMode.STOP,
        "right_arm": GroupMode.STOP,
        "left_hand": GroupMode.FROZEN,
        "right_hand": GroupMode.GRIP,
    }
    assert set(loop.last.trajectories) == {"left_arm", "right_arm", "right_hand"}
    assert loop.last.safety.level is Level.HOLD
    loop.tick(60)
    assert not loop.last.is_moving


def test_stale_joint_state_holds_until_the_operator_resumes():
    loop = running()
    loop.silent.update(loop.receivers)
    loop.tick(7, policy=sway)
    assert loop.codes()[0] == "DX-FRS-002"
    loop.silent.clear()
    loop.tick(50)
    assert loop.path.reset(loop.now, [], "ada").success


def test_bad_joint_state_is_reported_and_discarded():
    loop = running()
    assert loop.path.joint_state(loop.now, NAMES, np.full(36, np.nan)).code == "DX-FRS-003"
    assert loop.path.joint_state(loop.now, ("nose",), [0.0]).code == "DX-FRS-005"
    loop.tick(policy=sway)
    assert loop.last.safety.level is Level.LATCHED_HOLD


def test_three_chunks_with_nan_latch():
    loop = running()
    for _ in range(3):
        assert loop.chunk("policy", lambda t: sway(t) * np.nan).code == "DX-CHK-001"
        loop.tick()
    assert "DX-CHK-002" in loop.codes()
    assert loop.last.safety.latched


def test_bad_chunks_far_apart_do_not_latch():
    loop = running()
    for _ in range(3):
        loop.chunk("policy", lambda t: sway(t) * np.nan)
        loop.tick(501, policy=sway)
    assert not loop.last.safety.latched


def test_chunk_from_old_camera_images_is_refused_or_stops():
    loop = running()
    late = ChunkStamps(oldest_camera_ns=loop.now - 200 * MS, inference_start_ns=loop.now)
    assert loop.chunk("policy", sway, stamps=late).code == "DX-FRS-006"
    loop.tick()
    assert not loop.last.safety.takes_chunks
    assert loop.chunk("policy", sway).code == "DX-CHK-015"
    very_late = ChunkStamps(oldest_camera_ns=loop.now - 501 * MS)
    loop.tick(101, policy=sway)
    assert loop.chunk("policy", sway, stamps=very_late).code == "DX-FRS-007"
    assert loop.chunk("policy", sway, stamps=ChunkStamps()) is None


def test_swapped_sides_hold():
    loop = running()
    swapped = CONTRACT.permutation(NAMES).copy()
    left, right = (CONTRACT.group_indices(f"{side}_arm") for side in ("left", "right"))
    swapped[left], swapped[right] = right, left
    apart = float(np.abs(HOME[left] - HOME[right]).mean())
    fault = loop.chunk("policy", lambda t: sway(t)[swapped])
    if apart > 0.5:
        assert fault.code == "DX-CHK-010"
    else:
        assert fault is None or fault.code != "DX-CHK-010"


def push(loop, seconds):
    """A motion of the left arm by up to 0.8 rad where there is room, from now on."""
    start, index = loop.now * 1e-9, CONTRACT.group_indices("left_arm")
    room = np.zeros(36)
    room[index] = np.where(CONTRACT.upper_rad[index] - HOME[index] > 1.0, 0.8, 0.0)
    return lambda t: HOME + room * np.clip((t - start) / seconds, 0.0, 1.0)


def test_blocked_joint_holds_and_a_reset_rests_where_it_was_measured():
    loop = Loop()
    loop.tick()
    loop.path.acquire(loop.now, "policy", "policy_node")
    index, motion = CONTRACT.group_indices("left_arm"), push(loop, 4.0)
    loop.silent.add("left_arm")
    names = [NAMES[k] for k in index]
    for _ in range(230):
        loop.path.joint_state(loop.now + TICK, names, HOME[index], loop.now)
        loop.tick(policy=motion)
    assert "DX-GAT-007" in loop.codes()
    assert (loop.last.safety.level, loop.last.owner, loop.last.is_moving) == (Level.HOLD, "hold", False)
    assert np.abs(loop.last.state[0, index] - HOME[index]).max() > 0.3
    assert loop.path.reset(loop.now, ["DX-GAT-007"], "ada").success
    loop.path.joint_state(loop.now + TICK, names, HOME[index], loop.now)
    loop.tick()
    assert loop.last.safety.may_move
    assert loop.last.state[0, index] == pytest.approx(HOME[index], abs=1e-5)


@pytest.mark.parametrize(("distance", "scale"), [(0.5, 1.0), (0.015, 0.25)])
def test_small_clearance_slows(distance, scale):
    loop = running()
    for _ in range(5):
        loop.path.clearance(loop.now, Clearance(loop.now, distance, distance, "hands"))
        loop.tick(policy=sway)
    assert loop.last.verdict.speed_scale <= scale


def test_too_small_clearance_stops():
    loop = running()
    loop.path.clearance(loop.now, Clearance(loop.now, 0.005, 0.004, "hands"))
    loop.tick(2, policy=sway)
    assert loop.codes()[0] == "DX-GAT-009"
    assert loop.last.owner == "hold"


def test_late_ticks_degrade_and_three_stop():
    loop = running()
    loop.lateness = 16 * MS
    loop.tick(2, policy=sway)
    assert loop.codes() == ["DX-CMD-001"]
    loop.tick(1, policy=sway)
    assert "DX-CMD-002" in loop.codes()
    assert loop.last.safety.level is Level.SOFT_STOP


def test_late_ticks_far_apart_only_degrade():
    loop = running()
    for _ in range(4):
        loop.lateness = 16 * MS
        loop.tick(1, policy=sway)
        loop.lateness = 0
        loop.tick(11, policy=sway)
    assert loop.codes() == ["DX-CMD-001"]


def test_late_chunk_is_taken_with_a_remark_and_a_malformed_one_refused():
    loop = running()
    loop.tick(3, policy=sway)
    assert loop.chunk("policy", sway, prefix_steps=0).code == "DX-CHK-012"
    assert loop.chunk("policy", sway, joint_names=NAMES[:35]).code == "DX-CHK-003"
    assert loop.chunk("policy", sway, sequence=1).code == "DX-CHK-005"
    assert loop.path.release(loop.now, "teleop", "stranger").fault.code == "DX-ARB-005"
    loop.tick(policy=sway)
    assert loop.path.safety is loop.last.safety
    assert {"DX-CHK-012", "DX-CHK-003"} <= set(loop.codes())


def test_conditions_of_the_node_count():
    loop = running()
    loop.conditions = [make_fault("DX-SEC-001", loop.now, "/chunk", detail="stranger")]
    loop.tick(policy=sway)
    assert loop.codes()[0] == "DX-SEC-001"


def test_device_that_jumps_again_and_again_stops_the_robot():
    loop = Loop()
    loop.tick()
    loop.path.acquire(loop.now, "teleop", "glove")
    room = np.where(CONTRACT.upper_rad - HOME > 1.0, 0.9, 0.0)
    for k in range(6):
        loop.tick(5, teleop=lambda _, k=k: HOME + room * (k % 2))
        if "DX-CHK-016" in loop.codes():
            break
    assert loop.codes()[0] == "DX-CHK-016"
    assert loop.last.safety.level is Level.SOFT_STOP
    loop.tick(40)
    loop.path.acquire(loop.now, "teleop", "glove")
    loop.tick(30, teleop=lambda _: HOME)
    loop.tick(30, teleop=lambda _: HOME + room)
    loop.tick(101, teleop=lambda _: HOME + room)
    loop.tick(30, teleop=lambda _: HOME)
    assert "DX-CHK-016" not in loop.codes()


def test_arm_that_ignores_its_commands_stops_the_robot():
    loop = Loop()
    loop.tick()
    loop.path.acquire(loop.now, "policy", "policy_node")
    index, motion = CONTRACT.group_indices("left_arm"), push(loop, 0.5)
    loop.silent.add("left_arm")
    for _ in range(40):
        loop.path.joint_state(loop.now + TICK, [NAMES[k] for k in index], HOME[index], loop.now)
        loop.tick(policy=motion)
        if loop.last.owner == "hold":
            break
    assert loop.codes()[0] == "DX-GRP-005"
    assert loop.last.safety.level is Level.SOFT_STOP


def test_deadman_is_needed_only_where_it_is_configured():
    loop = Loop(needs_deadman=True)
    loop.tick()
    deadman = loop.path.supervision.deadman
    assert loop.path.acquire(loop.now, "teleop", "glove").fault.code == "DX-ARB-003"
    deadman.update(loop.now, False)
    deadman.update(loop.now, True)
    assert loop.path.acquire(loop.now, "teleop", "glove").granted
    for _ in range(10):
        deadman.update(loop.now, True)
        loop.tick(teleop=sway)
    assert loop.codes() == []
    deadman.update(loop.now, False)
    loop.tick(teleop=sway)
    assert loop.codes()[0] == "DX-FRS-014"
    assert loop.last.owner == "hold"
    deadman.update(loop.now, True)
    loop.tick()
    assert loop.path.acquire(loop.now, "teleop", "glove").granted
    deadman.update(loop.now, False)
    deadman.update(loop.now, True)
    loop.tick(teleop=sway)
    assert (loop.codes()[0], loop.last.owner) == ("DX-FRS-014", "hold")


def test_missing_watchdog_holds_where_it_is_needed():
    loop = Loop(needs_watchdog=True)
    for _ in range(30):
        loop.path.supervision.watchdog.seen(loop.now)
        loop.tick()
    assert loop.codes() == []
    loop.tick(11)
    assert loop.codes() == ["DX-FRS-017"]
    assert loop.last.safety.level is Level.HOLD


def test_slow_bus_gets_the_newest_plan_at_its_own_rate():
    loop = Loop(max_rate_hz={"left_hand": 6.7})
    sent = sum("left_hand" in loop.tick().trajectories for _ in range(150))
    assert 9 <= sent <= 11
    assert "left_arm" in loop.last.trajectories


def test_homing_and_release_need_no_heartbeat():
    loop = Loop()
    loop.tick()
    assert loop.path.acquire(loop.now, "homing", "command_node").granted
    loop.chunk("homing", lambda _: HOME)
    loop.tick(50)
    assert loop.codes() == []
    assert loop.last.owner == "homing"


def test_action_of_the_controllers_is_followed_silently_and_left_at_rest():
    loop = Loop()
    loop.path.set_external(0, True)
    loop.tick()
    loop.path.acquire(loop.now, "homing", "command_node")
    loop.silent.update(loop.receivers)
    index = CONTRACT.group_indices("left_arm")
    for k in range(60):
        moved = HOME.copy()
        moved[index] = np.clip(HOME[index] + 0.01 * k, CONTRACT.lower_rad[index], CONTRACT.upper_rad[index])
        loop.path.joint_state(loop.now + TICK, NAMES, moved, loop.now)
        out = loop.tick()
        assert (out.trajectories, out.safety.may_move) == ({}, True)
    loop.path.set_external(loop.now, False)
    out = loop.tick()
    assert set(out.trajectories) == set(CONTRACT.group_names)
    assert out.state[0] == pytest.approx(moved, abs=1e-5)


def test_arm_that_springs_back_when_an_action_ends_follows_its_commands():
    """The end is heard late: the last command of the action is where the arm was before it sprang back."""
    loop = Loop()
    index = CONTRACT.group_indices("left_arm")
    loop.path.acquire(loop.now, "homing", "command_node")
    loop.path.set_external(loop.now, True)
    loop.silent.add("left_arm")

    def measure(position):
        loop.path.joint_state(loop.now + TICK, [NAMES[k] for k in index], position[index], loop.now)

    measure(HOME)
    loop.tick()
    sprung_back = HOME - 0.06 * np.isin(np.arange(36), index[:1])
    measure(sprung_back)
    loop.path.set_external(loop.now, False)
    for _ in range(20):
        measure(sprung_back)
        loop.tick()
        assert loop.codes() == []


def test_stall_during_an_action_is_no_arm_that_ignores_its_commands():
    """Meanwhile commands are what was measured a tick ago, however long that tick was."""
    loop = Loop()
    loop.path.acquire(loop.now, "homing", "command_node")
    loop.path.set_external(loop.now, True)
    loop.silent.update(loop.receivers)
    for k in range(30):
        moved = HOME + 0.1 * (k > 10) * (np.arange(36) == 0)
        loop.path.joint_state(loop.now + TICK, NAMES, moved, loop.now)
        loop.tick()
        assert loop.codes() == []


def test_restart_elsewhere_is_no_arm_that_ignores_its_commands():
    loop = Loop()
    loop.silent.update(loop.receivers)
    for k in range(1, 81):  # somebody turns a joint by hand
        elsewhere = HOME + 0.3 * min(k / 60, 1.0) * (np.arange(36) == 0)
        loop.path.joint_state(loop.now + TICK, NAMES, elsewhere, loop.now + TICK)
        loop.tick()
    loop.path.restart(loop.now, elsewhere)
    for _ in range(20):
        loop.path.joint_state(loop.now + TICK, NAMES, elsewhere, loop.now + TICK)
        loop.tick()
        assert "DX-GRP-005" not in loop.codes()


def test_restart_begins_from_measured_positions():
    loop = running()
    loop.path.restart(loop.now, HOME)
    assert loop.path.gate.plan.state_at(loop.now)[0] == pytest.approx(HOME, abs=1e-5)
    with pytest.raises(TrajectoryError, match="DX-GAT-013"):
        loop.path.restart(loop.now, HOME + 100.0)


def test_robot_outside_its_limits_refuses_to_start():
    with pytest.raises(TrajectoryError, match="left_arm_joint_1 is"):
        CommandPath(CONTRACT, CommandConfig.from_contract(CONTRACT), HOME + 50.0 * (np.arange(36) == 0), 0)


def test_missing_age_of_a_contract_never_acts():
    bounds = AgeBounds.of(AgeLimit(0.01, None, None, None))
    assert bounds.warn_ns == bounds.stop_ns > 10**14


def test_receiver_of_the_tests_starts_at_rest():
    assert not Receiver(HOME).state_at(10)[1].any()
