"""Rows of the fault matrix that come over the network: cut links, floods, deaf ends, stuck switches."""

import numpy as np
import pytest
from dexora_ros.qos import SENSOR
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Bool

from dexora_msgs.msg import ActionChunk, SafetyState

from .link import FAR_POLICY, FAR_ROBOT
from .robot import CONTRACT
from .test_process_rows import wander

pytestmark = [pytest.mark.system, pytest.mark.slow]
SPEED_RAD_S = np.array([joint.max_velocity_rad_s for joint in CONTRACT.joints])
LATE = {"DX-CMD-002", "DX-FRS-017", "DX-FRS-018", "DX-HWD-002"}
FLOOD_CODES = {"chunks": "DX-CMD-007", "large_chunks": "DX-CMD-009", "large_images": ""}


@pytest.mark.row(36)
def test_row_36_link_to_the_policy_cut(record, robot):
    robot.end("policy")
    robot.start("policy", policy={"remaps": FAR_POLICY})
    robot.start("policy_link", policy_link={"remaps": ("__node:=policy_node",)})
    try:
        wander(record, robot)
        since_ns = robot.freeze("policy_link")
        detection_ms, _ = robot.detected("DX-FRS-009", since_ns)
        rest_ms = robot.rested(since_ns)
        robot.detected("DX-FRS-010", since_ns)
        robot.thaw("policy_link")
        robot.let_pass(0.5)
        assert robot.speed() < 0.02, "a link that is back must not move the robot"
    finally:
        robot.thaw("policy_link")
        robot.end("policy_link")
        robot.end("policy")
    record.measured(detection_ms, rest_ms, "DX-FRS-009", "L1, then L2")


@pytest.mark.row(36)
def test_row_36_link_to_the_robot_cut(record, robot):
    robot.end("command")
    robot.start("robot_link")
    robot.start("command", command={"remaps": FAR_ROBOT})
    try:
        robot.up()
        robot.recover()
        wander(record, robot)
        since_ns = robot.freeze("robot_link")
        detection_ms, message = robot.detected("DX-FRS-002", since_ns)
        rest_ms = robot.rested(since_ns)
        assert message.level >= SafetyState.LEVEL_HOLD
        robot.thaw("robot_link")
        robot.let_pass(0.5)
        assert robot.speed() < 0.02, "a link that is back must not move the robot"
    finally:
        robot.thaw("robot_link")
        robot.end("command")
        robot.end("robot_link")
    record.measured(detection_ms, rest_ms, "DX-FRS-002", "L3")


@pytest.mark.row(38)
def test_row_38_publisher_that_cannot_be_heard_appears(record, robot):
    context = Context()
    context.init(args=[], domain_id=robot.domain_id)
    node = Node("expert_node", context=context)
    executor = SingleThreadedExecutor(context=context)
    try:
        since_ns = robot.now_ns()
        node.create_publisher(ActionChunk, "/dexora/command/chunk", SENSOR)
        detection_ms, message = robot.detected("DX-CMD-008", since_ns)
    finally:
        node.destroy_node()
        executor.shutdown()
        context.shutdown()
    told = next(fault.sentence for fault in message.faults if fault.code == "DX-CMD-008")
    assert "/expert_node publishes /dexora/command/chunk with reliability best effort" in told
    record.measured(detection_ms, None, "DX-CMD-008", "L0")


@pytest.mark.row(41)
@pytest.mark.parametrize("what", list(FLOOD_CODES))
def test_row_41_flood(record, robot, what):
    robot.start("flood", flood={"what": what, "has_pipes": True})
    flood = robot.processes["flood"]
    try:
        assert flood.stdout.readline() == b"ready\n"
        wander(record, robot)
        since_ns = robot.now_ns()
        flood.stdin.write(b"go\n")
        flood.stdin.flush()
        code = FLOOD_CODES[what]
        detection_ms = robot.detected(code, since_ns)[0] if code else 0.0
        robot.let_pass(1.0)
    finally:
        robot.end("flood")
    stops = {m.faults[0].code for m in robot.safety if m.level >= SafetyState.LEVEL_SOFT_STOP}
    assert stops <= LATE, "only where the processor does not suffice for both may the robot stop"
    speeds = np.abs([message.velocity for message in robot.truth])
    assert (speeds <= 1.1 * SPEED_RAD_S + 0.05).all()
    status = robot.statuses[-1]
    record.measured(
        detection_ms,
        None,
        code,
        "L1" if code else "none",
        tick_lateness_ms=(1e3 * status.tick_lateness_p99, 1e3 * status.tick_lateness_max),
    )


def test_row_50_deadman_that_was_never_released_gives_no_control(robot):
    robot.end("command")
    robot.start("command")
    robot.up()
    robot.recover()
    is_pressed = [True]
    switch = robot.node.create_publisher(Bool, "/dexora/teleop/deadman", SENSOR)
    timer = robot.node.create_timer(0.01, lambda: switch.publish(Bool(data=is_pressed[0])))
    try:
        robot.let_pass(0.5)
        answer = robot.acquire("teleop", "teleop_node")
        assert not answer.granted
        assert "DX-FRS-016" in answer.message
        is_pressed[0] = False
        robot.let_pass(0.3)
        is_pressed[0] = True
        robot.until(lambda: robot.acquire("teleop", "teleop_node").granted, what="control for teleoperation")
    finally:
        robot.release("teleop", "teleop_node")
        robot.node.destroy_timer(timer)
        robot.let_pass(0.05)  # a call of the timer may be under way, and needs the publisher
        robot.node.destroy_publisher(switch)
