"""Rows of the fault matrix on the real nodes: killed, stopped and disturbed processes around the twin."""

import re
import time
from functools import partial

import numpy as np
import pytest
import rclpy
from control_msgs.action import FollowJointTrajectory
from dexora_core.trajectory import Points
from dexora_ros.qos import COMMAND, SENSOR
from dexora_ros.stamps import to_ns
from mock_policy import MockPolicy
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.node import Node
from receiver import Receiver
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexora_msgs.msg import ActionChunk, SafetyState

from .processes import PATIENCE, free_domain, start_process
from .robot import CONTRACT, EVERYTHING, REST_RAD_S

pytestmark = [pytest.mark.system, pytest.mark.slow]
MS = 1_000_000
PERIOD_NS = 8 * MS
STATE = ("positions", "velocities", "accelerations")
HANDS = {name: CONTRACT.group_indices(name) for name in ("left_hand", "right_hand")}
ARMS = {name: CONTRACT.group_indices(name) for name in ("left_arm", "right_arm")}


def finish(record, robot, code, since_ns, **options):
    """Wait for detection and rest; note both."""
    detection_ms, message = robot.detected(code, since_ns)
    rest_ms = robot.rested(since_ns, **options)
    record.measured(detection_ms, rest_ms, code, f"L{message.level - 1}")
    return message


def wander(record, robot):
    """Move, and meet the fault at a random phase."""
    robot.move()
    robot.let_pass(float(record.rng.uniform(0.0, 0.5)))
    wander_on(robot)


def wander_on(robot):
    """Wait until the robot moves well again."""
    robot.until(lambda: robot.speed() > 0.25 and not robot.safety[-1].faults, what="a robot that moves well")
    robot.forget()


class SetPoints:
    """Follows what the arms' controllers are told, as they do, and knows when their set-points rest."""

    def __init__(self, robot):
        self._robot, self._arms = robot, {}
        self._listeners = [
            robot.listen(
                JointTrajectory,
                f"/{group}_controller/joint_trajectory",
                partial(self._take, group),
                EVERYTHING,
            )
            for group in ARMS
        ]
        robot.until(lambda: len(self._arms) == len(ARMS), what="commands to both arms")
        wander_on(robot)

    def _take(self, group, message):
        arm = self._arms.setdefault(group, Receiver(message.points[-1].positions))
        times = [one.time_from_start.sec + 1e-9 * one.time_from_start.nanosec for one in message.points]
        rows = [np.array([getattr(one, name) for one in message.points]) for name in STATE]
        start_ns = to_ns(message.header.stamp)
        arm.take(Points(np.array(times), *rows), start_ns, start_ns)

    def rest_ms(self, since_ns):
        """Return when the set-points rest, after a time [ms]; nobody listens any more then."""
        for listener in self._listeners:
            self._robot.node.destroy_subscription(listener)
        later_ns = since_ns + np.arange(0, 500 * MS, 2 * MS)
        speeds = np.array(
            [max(np.abs(arm.state_at(int(t))[1]).max() for arm in self._arms.values()) for t in later_ns]
        )
        return 2.0 * (1 + np.flatnonzero(speeds >= REST_RAD_S)[-1])


@pytest.mark.row(8)
def test_row_8_joint_states_stale(record, robot):
    wander(record, robot)
    robot.inject("state_stale")
    robot.let_pass(0.1)
    missing_ns = to_ns(robot.joints[-1].header.stamp) + PERIOD_NS
    message = finish(record, robot, "DX-FRS-002", missing_ns)
    assert message.level >= SafetyState.LEVEL_HOLD
    robot.clear()
    robot.let_pass(0.3)
    assert robot.speed() < 0.02, "a stop must not end by itself"


@pytest.mark.row(13)
def test_row_13_policy_killed(record, robot):
    wander(record, robot)
    finish(record, robot, "DX-FRS-010", robot.kill("policy"))


def test_restarted_policy_hears_and_is_heard_at_once(robot):
    robot.move()
    robot.kill("policy")
    robot.start("policy")
    robot.until(lambda: robot.heard_s["policy"] > robot.started_s["policy"], what="the restarted policy")
    begin_s = time.monotonic()
    robot.move()
    assert time.monotonic() - begin_s < (6.0 if PATIENCE else 2.5), (
        "it was deaf: see dexora_ros.shared_memory"
    )


@pytest.mark.row(14)
def test_row_14_policy_stalls(record, robot):
    wander(record, robot)
    since_ns = robot.freeze("policy")
    finish(record, robot, "DX-FRS-010", since_ns)
    robot.thaw("policy")
    robot.let_pass(0.5)
    assert robot.speed() < 0.02, "a stalled policy must not resume by itself"


@pytest.mark.row(30)
def test_row_30_commands_taken_and_not_executed(record, robot):
    robot.move()
    robot.until(lambda: robot.speed(ARMS["left_arm"]) > 0.55, what="a fast arm")
    robot.forget()
    since_ns = robot.inject("commands_ignored", "left_arm")
    finish(record, robot, "DX-GRP-005", since_ns)


@pytest.mark.row(31)
def test_row_31_driver_of_a_hand_dies(record, robot):
    wander(record, robot)
    hand, other = record.rng.permutation(list(HANDS))
    since_ns = robot.inject("driver_dead", str(hand))
    detection_ms, _ = robot.detected("DX-GRP-004", since_ns)
    rest_ms = robot.rested(since_ns)
    robot.detected("DX-GRP-001", since_ns)
    held = np.array(robot.truth[-1].position)[HANDS[str(other)]]
    robot.let_pass(0.5)
    assert np.abs(np.array(robot.truth[-1].position)[HANDS[str(other)]] - held).max() < 0.02
    record.measured(detection_ms, rest_ms, "DX-GRP-004", "L3")


@pytest.mark.row(29)
def test_row_29_controller_deactivated_in_motion(record, robot):
    wander(record, robot)
    arm = str(record.rng.choice(list(ARMS)))
    message = finish(record, robot, "DX-GRP-004", robot.inject("controller_inactive", arm))
    assert message.level >= SafetyState.LEVEL_HOLD
    assert arm in [fault.subject for fault in message.faults if fault.code == "DX-GRP-004"]


@pytest.mark.row(33)
def test_row_33_command_node_killed(record, robot):
    wander(record, robot)
    told = SetPoints(robot)
    since_ns = robot.kill("command")
    rest_ms = robot.rested(since_ns)
    robot.until(lambda: robot.enabled is False, what="the power is removed")
    slowest = [m for m in robot.truth if to_ns(m.header.stamp) >= since_ns]
    speeds = [float(np.abs(np.array(m.velocity)[:12]).max()) for m in slowest]
    begin = next(k for k, speed in enumerate(speeds) if speed < 0.9 * max(speeds[:3]))
    begin_ms = (to_ns(slowest[begin].header.stamp) - since_ns) / MS
    record.measured(begin_ms, rest_ms, "DX-HWD-002", "L5", receiver_ms=told.rest_ms(since_ns))


@pytest.mark.row(34)
def test_row_34_watchdog_killed(record, robot):
    wander(record, robot)
    finish(record, robot, "DX-FRS-017", robot.kill("watchdog"))


@pytest.mark.row(35)
def test_row_35_command_node_and_watchdog_killed(record, robot):
    wander(record, robot)
    told = SetPoints(robot)
    since_ns = robot.kill("command", "watchdog")
    rest_ms = robot.rested(since_ns)
    record.measured(0.0, rest_ms, "", "stop at the receivers", receiver_ms=told.rest_ms(since_ns))


@pytest.mark.row(40)
def test_row_40_simulated_time_stops(record, robot):
    wander(record, robot)
    seen = len(robot.safety)
    pause_s = 2.0 if PATIENCE else 0.5
    robot.inject("clock_pause", duration=pause_s)
    begin_s = time.monotonic()

    def told():
        return any(f.code == "DX-FRS-018" for m in robot.safety[seen:] for f in m.faults)

    robot.until(told, what="fault DX-FRS-018")
    detection_ms = (time.monotonic() - begin_s) * 1e3
    robot.until(
        lambda: robot.truth and time.monotonic() - begin_s > pause_s + 0.2, what="the end of the pause"
    )
    rest_ms = robot.rested(robot.now_ns())
    record.measured(detection_ms, rest_ms, "DX-FRS-018", "L3")


@pytest.mark.row(42)
def test_row_42_unknown_publisher_of_chunks(record, robot):
    wander(record, robot)
    rogue = MockPolicy("rogue_node", context=robot.context)
    robot.executor.add_node(rogue)
    try:
        for timer in rogue.timers:
            timer.cancel()
        since_ns = robot.now_ns()
        rogue.sequence, rogue.base, rogue.epoch = 10**6, CONTRACT.home_rad, robot.safety[-1].epoch
        before = robot.statuses[-1].chunks_accepted
        robot.until(lambda: rogue.now_ns, what="a rogue that knows the time")
        rogue.publish_chunk()
        message = finish(record, robot, "DX-SEC-001", since_ns)
        assert message.latched
        assert "rogue_node" in next(f.sentence for f in message.faults if f.code == "DX-SEC-001")
        assert robot.statuses[-1].chunk_sequence < 10**6
        assert robot.statuses[-1].chunks_accepted >= before
    finally:
        robot.executor.remove_node(rogue)
        rogue.destroy_node()


@pytest.mark.row(42)
def test_row_42_unknown_publisher_at_a_controller(run, robot):
    robot.move()
    robot.forget()
    publisher = robot.node.create_publisher(JointTrajectory, "/left_arm_controller/joint_trajectory", COMMAND)
    try:
        _, message = robot.detected("DX-SEC-001", robot.now_ns())
        assert any("left_arm_controller" in f.subject for f in message.faults)
        robot.rested(robot.now_ns())
    finally:
        robot.node.destroy_publisher(publisher)


@pytest.mark.row(43)
def test_row_43_second_node_of_the_same_name(record, robot):
    second = start_process("command", robot.domain_id, startup_timeout_s=2.5)

    def are_two():
        return robot.node.get_node_names().count("command_node") > 1

    robot.until(are_two, 20.0, "two nodes of one name in the graph")
    since_ns = robot.now_ns()
    detection_ms, message = robot.detected("DX-SEC-002", since_ns, timeout_s=20.0)
    assert second.wait(timeout=30.0) == 1, "the second instance must refuse to start"
    assert message.latched
    record.measured(detection_ms, None, "DX-SEC-002", "L4")


@pytest.mark.row(44)
def test_row_44_parameter_changed_while_active(record, robot):
    client = robot.node.create_client(SetParameters, "/command_node/set_parameters")
    robot.until(client.service_is_ready, what="parameter service")
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=500.0)
    request = SetParameters.Request(parameters=[Parameter(name="rate_hz", value=value)])
    answer = robot.call(client, request).results[0]
    assert not answer.successful
    assert "read" in answer.reason.lower()
    record.measured(0.0, None, "", "refused")


@pytest.mark.row(52)
def test_row_52_emergency_stop_pressed(record, robot):
    wander(record, robot)
    since_ns = robot.now_ns()
    robot.estop.publish(Bool(data=True))
    message = finish(record, robot, "DX-HWD-001", since_ns)
    assert message.level == SafetyState.LEVEL_POWER_REQUEST


@pytest.mark.row(53)
def test_row_53_emergency_stop_released_while_chunks_stream(record, robot):
    wander(record, robot)
    robot.estop.publish(Bool(data=True))
    robot.detected("DX-HWD-001", robot.now_ns())
    robot.rested(robot.now_ns())
    robot.estop.publish(Bool(data=False))
    robot.call(robot.enable, SetBool.Request(data=True))
    robot.let_pass(0.5)
    assert robot.safety[-1].level == SafetyState.LEVEL_LATCHED_HOLD
    assert not robot.acquire().granted
    assert robot.speed() < 0.02
    assert robot.reset().success
    robot.let_pass(0.3)
    assert robot.speed() < 0.02, "a reset alone must not move the robot"
    robot.move()
    record.measured(0.0, None, "DX-HWD-001", "L4")


@pytest.mark.row(70)
def test_row_70_command_node_does_not_get_the_processor(record, robot):
    wander(record, robot)
    since_ns = robot.freeze("command")
    end_s = time.monotonic() + 0.06
    robot.until(lambda: time.monotonic() > end_s)
    robot.thaw("command")
    _, message = robot.detected("DX-CMD-002", since_ns)
    detection_ms = (robot.now_ns() - since_ns) / MS  # the frozen node's own clock was frozen too
    record.measured(detection_ms, robot.rested(since_ns), "DX-CMD-002", f"L{message.level - 1}")


@pytest.mark.row(37)
def test_row_37_38_start_without_peers_is_refused_with_a_list(record, capfd):
    """One start shows both rows: nobody is there but a policy whose quality of service does not fit."""
    elsewhere = free_domain()
    context = Context()
    rclpy.init(context=context, domain_id=elsewhere, args=[])
    node = Node("policy_node", context=context)
    try:
        node.create_publisher(ActionChunk, "/dexora/command/chunk", SENSOR)
        process = start_process("command", elsewhere, startup_timeout_s=2.0, use_sim_time=False)
        assert process.wait(timeout=40.0) == 1
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)
    told = capfd.readouterr().err
    for part in ("DX-CMD-006", "joint_states", "right_hand_controller", "enable_state", "watchdog_node"):
        assert part in told
    assert "reliability best effort where reliable is wanted" in told
    waited_s = int(re.search(r"after (\d+) s these are missing", told).group(1))
    record.measured(1e3 * waited_s, None, "DX-CMD-006", "refused")


def send_pose(robot, positions=None, names=None):
    """Ask for a pose, or for home; return the goal's handle and the future of its result."""
    robot.until(robot.poses.server_is_ready, what="the action go_to")
    goal = FollowJointTrajectory.Goal()
    if positions is not None:
        goal.trajectory.joint_names = list(names)
        goal.trajectory.points = [JointTrajectoryPoint(positions=[float(value) for value in positions])]
    sent = robot.poses.send_goal_async(goal)
    robot.until(sent.done, what="answer to a pose")
    return sent.result(), sent.result().get_result_async()


def wrist(robot, step_rad):
    """A pose in which the left wrist is turned."""
    index = int(ARMS["left_arm"][5])
    return [np.array(robot.truth[-1].position)[index] + step_rad], [CONTRACT.joint_names[index]]


def test_pose_is_reached_and_the_lease_given_back(robot):
    _, result = send_pose(robot)
    robot.until(result.done, 30.0, "home")
    assert result.result().result.error_code == 0, result.result().result.error_string
    (wanted,), names = wrist(robot, -0.4)
    _, result = send_pose(robot, [wanted], names)
    robot.until(result.done, 20.0, "the pose")
    assert result.result().result.error_code == 0, result.result().result.error_string
    reached = np.array(robot.truth[-1].position)[int(ARMS["left_arm"][5])]
    assert abs(reached - wanted) < 0.05
    robot.until(lambda: robot.safety[-1].owner == "hold", what="the lease given back")
    assert robot.safety[-1].level <= SafetyState.LEVEL_NOTE, robot.safety[-1].summary
    robot.move()


def test_pose_can_be_cancelled_and_one_outside_the_limits_is_refused(robot):
    _, result = send_pose(robot, [9.0], ["left_arm_joint_6"])
    robot.until(result.done, what="a refusal")
    assert "DX-CMD-005" in result.result().result.error_string
    handle, result = send_pose(robot, *wrist(robot, 0.8))
    robot.until(lambda: robot.speed() > 0.1, what="a moving wrist")
    since_ns = robot.now_ns()
    handle.cancel_goal_async()
    assert robot.rested(since_ns) < 600.0
    robot.until(result.done, what="the end of the goal")
    assert robot.safety[-1].level <= SafetyState.LEVEL_NOTE, robot.safety[-1].summary


def test_robot_put_elsewhere_by_the_simulation_goes_on_after_rebase(robot):
    robot.move()
    rebase = robot.node.create_client(Trigger, "/dexora/command/rebase")
    reset = robot.node.create_client(Trigger, "/twin_node/reset")
    robot.until(lambda: rebase.service_is_ready() and reset.service_is_ready(), what="services")
    assert "owns the robot" in robot.call(rebase, Trigger.Request()).message
    robot.release()
    robot.rested(robot.now_ns())
    assert robot.call(reset, Trigger.Request()).success
    robot.let_pass(0.3)
    answer = robot.call(rebase, Trigger.Request())
    assert answer.success, answer.message
    robot.let_pass(0.2)
    assert robot.safety[-1].level <= SafetyState.LEVEL_NOTE, robot.safety[-1].summary
    robot.move()


def test_dry_run_decides_everything_and_moves_nothing(robot):
    assert robot.end("command") == 0
    preview = []
    topic = "/dexora/command/preview/left_arm_controller/joint_trajectory"
    listener = robot.node.create_subscription(JointTrajectory, topic, preview.append, COMMAND)
    robot.start("command", command={"dry_run": True})
    try:
        robot.until(lambda: robot.safety[-1].dry_run, 60.0, "a dry run")
        robot.until(lambda: robot.acquire().granted, what="a lease")
        robot.let_pass(1.0)
        wanted = [message.points[0].positions[5] for message in preview]
        assert max(wanted) - min(wanted) > 0.05, "the preview must move"
        assert robot.speed() < 0.02, "the robot must not"
        assert robot.safety[-1].level <= SafetyState.LEVEL_NOTE, robot.safety[-1].summary
    finally:
        robot.node.destroy_subscription(listener)
        robot.end("command")


@pytest.mark.row(28)
def test_row_28_controller_aborts_its_part(record, robot):
    _, result = send_pose(robot, *wrist(robot, 1.0 if record.run % 2 else -1.0))
    robot.until(lambda: robot.speed() > 0.1, what="a moving wrist")
    since_ns = robot.inject("driver_dead", "right_arm")
    detection_ms, _ = robot.detected("DX-GRP-004", since_ns)
    rest_ms = robot.rested(since_ns)
    robot.clear()
    robot.until(result.done, what="the end of the goal")
    assert result.result().result.error_code != 0
    record.measured(detection_ms, rest_ms, "DX-GRP-004", "L3")
