"""Pins power and episodes of the twin: enable line, emergency stop without resume, reset to a chosen seed."""

from __future__ import annotations

import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger

from .twin_client import CONTRACT, GROUPS, TwinClient

pytestmark = pytest.mark.system
ARM = "right_arm"
INDEX = CONTRACT.group_indices(ARM)
HOME = CONTRACT.home_rad[INDEX]
# Towards the middle of each joint's range: meets nothing.
AWAY = HOME + 0.4 * np.sign((CONTRACT.lower_rad + CONTRACT.upper_rad)[INDEX] / 2 - HOME)


@pytest.fixture(scope="module")
def running_twin():
    client = TwinClient(task="lift", seed=3, camera_rate_hz=0.0)
    yield client
    assert client.close() == 0


@pytest.fixture
def twin(running_twin):
    running_twin.calm_down()
    return running_twin


def values(status):
    return {entry.key: entry.value for entry in status.values}


def test_emergency_stop_stops_and_release_does_not_resume(twin):
    _, result = twin.start_goal(ARM, twin.trajectory(ARM, (2.0, AWAY)))
    twin.let_pass(0.5)
    assert twin.speed(ARM) > 0.1
    twin.estop.publish(Bool(data=True))
    twin.until(lambda: twin.enabled is False)
    twin.until(result.done)
    assert "emergency stop is pressed" in result.result().result.error_string
    twin.let_pass(0.2)
    stopped = twin.position(ARM)
    assert all(twin.speed(group) < 0.02 for group in GROUPS)
    refused = twin.run_goal(ARM, twin.trajectory(ARM, (0.5, AWAY)))
    assert "emergency stop is pressed" in refused.result.error_string
    assert not twin.call(twin.enable, SetBool.Request(data=True)).success
    twin.estop.publish(Bool(data=False))
    twin.send(ARM, (0.5, AWAY))
    twin.let_pass(0.5)
    assert twin.enabled is False
    np.testing.assert_allclose(twin.position(ARM), stopped, atol=2e-3)


def test_enabling_after_the_stop_moves_nothing_by_itself(twin):
    twin.send(ARM, (2.0, HOME))
    twin.let_pass(0.3)
    twin.estop.publish(Bool(data=True))
    twin.until(lambda: twin.enabled is False)
    twin.let_pass(0.6)  # the stop, and what a busy machine has not delivered yet
    stopped = twin.position(ARM)
    twin.estop.publish(Bool(data=False))
    twin.let_pass(0.1)
    answer = twin.call(twin.enable, SetBool.Request(data=True))
    assert (answer.success, answer.message) == (True, "enabled")
    twin.until(lambda: twin.enabled)
    twin.let_pass(0.3)
    np.testing.assert_allclose(twin.position(ARM), stopped, atol=2e-3)
    twin.send(ARM, (0.6, HOME))
    twin.let_pass(1.0)
    np.testing.assert_allclose(twin.position(ARM), HOME, atol=0.02)


def test_disabled_robot_refuses_and_says_what_to_call(twin):
    assert twin.call(twin.enable, SetBool.Request(data=False)).success
    twin.until(lambda: twin.enabled is False)
    answer = twin.run_goal(ARM, twin.trajectory(ARM, (0.5, AWAY)))
    assert "set_enable" in answer.result.error_string


def test_reset_starts_the_chosen_seed_while_time_goes_on(twin):
    twin.until(lambda: twin.status is not None)
    client = twin.node.create_client(SetParameters, "/twin_node/set_parameters")
    twin.until(client.service_is_ready)
    seed = Parameter("seed", value=11).to_parameter_msg()
    assert twin.call(client, SetParameters.Request(parameters=[seed])).results[0].successful
    before_ns = twin.now_ns()
    answer = twin.call(twin.reset, Trigger.Request())
    assert answer.success
    assert answer.message.startswith("episode of seed 11: ")
    twin.until(lambda: values(twin.status)["seed"] == "11")
    twin.let_pass(0.3)
    assert twin.now_ns() > before_ns
    assert values(twin.status)["instruction"] in answer.message
    assert twin.status.message == "running"
    held = twin.states[ARM][-1].output.positions
    np.testing.assert_allclose(twin.position(ARM), held, atol=0.02)
    assert "seed 12" in twin.call(twin.reset, Trigger.Request()).message


def test_diagnostics_tell_the_speed_of_the_world(twin):
    twin.until(lambda: "dexora/twin: world" in twin.diagnostics)
    world = values(twin.diagnostics["dexora/twin: world"])
    assert float(world["realtime factor"]) > 0.0
    assert world["task"] == "lift"
    assert "dexora/twin: left_hand_controller" in twin.diagnostics
