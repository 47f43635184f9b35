"""Pins the twin node without spinning it: one world per configuration, no motion kept over a stop."""

import os
import signal

import numpy as np
import pytest
import rclpy
from dexora_core.trajectory_execution import PointRequest, TrajectoryRequest
from dexora_ros.qos import EVENTS
from dexora_sim.twin_node import TwinNode
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger

from dexora_msgs.srv import InjectFault


@pytest.fixture
def make_node():
    rclpy.init(args=[])
    nodes = []

    def make(**parameters):
        values = {"task": "none", "camera_rate_hz": 0.0, **parameters}
        nodes.append(TwinNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()]))
        return nodes[-1]

    yield make
    for node in nodes:
        node.shut_down()
        node.destroy_node()
    rclpy.shutdown()


def advance(node, ticks):
    for _ in range(ticks):
        node._advance()
    return node._rig.sample.position[node._rig.twin.contract.group_indices("right_arm")].copy()


def send(node, shift_rad=0.3):
    executor = node._controllers["right_arm"].controller.executor
    limits, start = executor.limits, executor.output.position
    goal = start + shift_rad * np.sign((limits.lower_rad + limits.upper_rad) / 2 - start)
    request = TrajectoryRequest(limits.joint_names, [PointRequest(10**9, goal.tolist())])
    assert executor.accept(request, node._rig.now_ns) is None


def spin(node, is_done):
    """Serve callbacks, not the twin's timer, until something is true, at most 5 s."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    for timer in node.timers:
        timer.cancel()
    deadline = node.get_clock().now() + Duration(seconds=5)
    while not is_done() and node.get_clock().now() < deadline:
        executor.spin_once(timeout_sec=0.1)
    executor.remove_node(node)
    assert is_done()


def test_motion_does_not_go_on_after_a_stop(make_node):
    node = make_node()
    assert node.bring_up()
    send(node)
    before = advance(node, 50)
    node.trigger_deactivate()
    assert node._blocked("right_arm") == "the twin is not active; activate twin_node"
    node.trigger_activate()
    np.testing.assert_allclose(advance(node, 100), before, atol=0.03)
    assert np.abs(node._rig.sample.velocity).max() < 0.01


def test_configuring_again_starts_a_new_world(make_node):
    node = make_node()
    assert node.bring_up()
    advance(node, 10)
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert node.bring_up()
    assert node._rig.now_ns == 1_000_000_000
    assert len(list(node.publishers)) == len({publisher.topic_name for publisher in node.publishers})


def test_unknown_view_is_refused_before_anything_is_rendered(make_node):
    node = make_node(views=["nose"])
    assert not node.bring_up()
    assert "views are top" in str(node.fault)


def test_update_rate_is_kept_in_whole_physics_steps(make_node):
    node = make_node(update_rate_hz=170.0)
    assert node.bring_up()
    assert node._rig.tick_ns == 6_000_000


@pytest.mark.parametrize(("wait_s", "passes_ms"), [(0.05, (50, 120)), (0.0, (400, 2000))])
def test_world_waits_for_pictures_if_asked_to(make_node, wait_s, passes_ms):
    pictures = {"camera_rate_hz": 20.0, "image_width": 64, "image_height": 48}
    node = make_node(picture_wait_s=wait_s, realtime_factor=0.0, **pictures)
    assert node.bring_up()
    os.kill(node._renderer.pid, signal.SIGSTOP)
    try:
        for _ in range(50):
            node._tick()
        passed_ms = (node._rig.now_ns - 1_000_000_000) // 1_000_000
    finally:
        os.kill(node._renderer.pid, signal.SIGCONT)
    assert passes_ms[0] <= passed_ms <= passes_ms[1]


def test_robot_can_start_without_power(make_node):
    node = make_node(start_enabled=False)
    assert node.bring_up()
    assert "set_enable" in node._blocked("left_hand")
    response = node._power.on_set_enable(SetBool.Request(data=True), SetBool.Response())
    assert response.success
    assert node._blocked("left_hand") == ""
    node._power.on_estop(Bool(data=True))
    assert "emergency stop" in node._blocked("left_hand")


def test_enabling_an_enabled_robot_disturbs_nothing(make_node):
    node = make_node()
    assert node.bring_up()
    start = advance(node, 1)
    send(node)
    advance(node, 20)
    response = node._power.on_set_enable(SetBool.Request(data=True), SetBool.Response())
    assert (response.success, response.message) == (True, "enabled")
    assert np.abs(advance(node, 150) - start).min() > 0.25


def test_press_of_the_stop_is_not_hidden_by_the_release_behind_it(make_node):
    node = make_node()
    assert node.bring_up()
    button = node.create_publisher(Bool, "/twin_node/estop", EVENTS)
    spin(node, lambda: button.get_subscription_count() == 1)
    send(node)
    before = advance(node, 5)
    button.publish(Bool(data=True))
    button.publish(Bool(data=False))
    assert button.wait_for_all_acked(Duration(seconds=5))
    spin(node, lambda: not node._power.line.is_pressed and not node._power.line.is_enabled)
    assert "not enabled" in node._blocked("right_arm")
    np.testing.assert_allclose(advance(node, 100), before, atol=0.03)


def test_fault_service_answers_with_what_is_active_and_available(make_node):
    node = make_node()
    assert node.bring_up()
    request = InjectFault.Request(fault="state_stale", start=0.0)
    answer = node._on_inject_fault(request, InjectFault.Response())
    assert (answer.success, list(answer.active)) == (True, ["state_stale"])
    assert "camera_drop" in answer.available
    bad = node._on_inject_fault(InjectFault.Request(fault="nonsense"), InjectFault.Response())
    assert not bad.success
    assert "is unknown" in bad.message
    assert list(bad.active) == ["state_stale"]


def test_reset_takes_the_first_seed_then_the_next(make_node):
    node = make_node(task="reach", seed=7)
    assert node.bring_up()
    messages = [node._on_reset(Trigger.Request(), Trigger.Response()).message for _ in range(2)]
    assert messages[0].startswith("episode of seed 7: ")
    assert messages[1].startswith("episode of seed 8: ")
