"""The command node without a robot: refusals, a tick, exceptions in callbacks (row 67), services.

The start gate is replaced, so that no other process is needed; tests/faults has the real thing.
"""

import time

import numpy as np
import pytest
import rclpy
from dexora_control.command_node import CommandNode
from dexora_control.command_services_node import CommandServices, may_rebase
from dexora_control.pacing import Wake
from dexora_core.clock import NS_PER_S
from dexora_core.faults import Level
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from dexora_control import command_node as module
from dexora_msgs.srv import RequestControl, ResetFault

SUCCESS = TransitionCallbackReturn.SUCCESS


@pytest.fixture(scope="module")
def context():
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def node(context, monkeypatch):
    def everything_is_there(gate, read_clock, _has_time):
        read_clock()
        return np.array(gate._contract.home_rad)

    monkeypatch.setattr(module.StartGate, "wait", everything_is_there)
    overrides = [
        Parameter("realtime_priority", value=0),
        Parameter("lock_memory", value=False),
        Parameter("needs_watchdog", value=False),
        Parameter("needs_clearance", value=False),
    ]
    made = CommandNode(parameter_overrides=overrides)
    yield made
    made.shut_down()
    made.destroy_node()


def wake():
    now = time.monotonic_ns()
    return Wake(now, now, 0)


def test_ticks_hold_where_the_robot_is(node):
    assert node.bring_up()
    node.path.joints.arm(node.now_ns)  # no time has passed since, however slow this machine is
    node.tick(wake())
    assert node.output.owner == "hold"
    assert set(node.output.trajectories) == set(node.contract.group_names)
    assert all(len(points) == 1 for points in node.output.trajectories.values())


def test_missing_peers_are_listed(context, monkeypatch):
    monkeypatch.setattr("dexora_control.start_gate_node._SETTLE_S", 0.0)
    made = CommandNode(parameter_overrides=[Parameter("startup_timeout_s", value=0.2)])
    try:
        assert not made.bring_up()
        told = str(made.fault)
        for part in (
            "DX-CMD-006",
            "left_hand_controller",
            "enable_state",
            "watchdog_node",
            "clearance_node",
            "and 32 more",
        ):
            assert part in told
    finally:
        made.shut_down()
        made.destroy_node()


def test_who_watches_a_start_is_told_what_it_waits_for(context, monkeypatch, capfd):
    monkeypatch.setattr("dexora_control.start_gate_node._TELL_EVERY_S", 0.0)
    made = CommandNode(parameter_overrides=[Parameter("startup_timeout_s", value=0.2)])
    try:
        assert not made.bring_up()
    finally:
        made.shut_down()
        made.destroy_node()
    told = capfd.readouterr().err
    assert told.index("s at most, for these: ") < told.index("DX-CMD-006")
    assert "watchdog_node" in told.partition("for these: ")[2].partition("\n")[0]


def test_exception_in_a_tick_is_latched_and_stops_commanding(node, monkeypatch):
    assert node.bring_up()
    ticks = []

    def breaks(_wake):
        ticks.append(1)
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(node, "tick", breaks)
    node.run_until(lambda: len(ticks) > 3)
    assert len(ticks) == 1, "the loop must end with the first exception"
    assert (node.state_label, node.path) == ("inactive", None)
    assert "ZeroDivisionError: boom" in str(node.fault)
    assert node.trigger_activate() != SUCCESS, "a latched fault forbids to activate"
    safety = node.outputs._safety
    assert (safety.level, safety.owner) == (int(Level.LATCHED_HOLD), "hold")
    assert "DX" in safety.summary or "raised an exception" in safety.summary


def test_exception_in_a_service_is_latched_too(node, monkeypatch):
    assert node.bring_up()
    monkeypatch.setattr(node.path, "acquire", lambda *_arguments: 1 / 0)
    request = RequestControl.Request(operation=0, source="policy", holder="policy_node")
    node.guard(node._offered._on_control)(request, RequestControl.Response())
    assert "ZeroDivisionError" in str(node.fault)
    assert node.state_label == "inactive"


def test_control_is_asked_kept_and_given_back(node):
    assert node.bring_up()
    services: CommandServices = node._offered

    def ask(operation, holder="policy_node"):
        request = RequestControl.Request(operation=operation, source="policy", holder=holder)
        return services._on_control(request, RequestControl.Response())

    granted = ask(0)
    assert (granted.granted, granted.owner) == (True, "policy")
    assert granted.epoch == node.path.arbiter.epoch
    assert ask(0, "other_node").code == "DX-ARB-002"
    assert ask(2).granted
    assert "release the lease first" in may_rebase(node.path)
    assert ask(1).owner == "hold"
    assert "operation must be" in ask(9).message
    assert "operation must be" in ask(0, "").message


def test_reset_needs_a_name_and_a_passed_self_test(node):
    assert node.bring_up()
    answer = node._offered._on_reset(ResetFault.Request(operator_name=" "), ResetFault.Response())
    assert not answer.success
    assert "operator's name" in answer.message
    assert "not every joint" in answer.message


@pytest.mark.parametrize("service", ["_on_let_go", "_on_rebase"])
def test_only_a_simulated_robot_is_put_elsewhere(node, service):
    assert node.bring_up()
    answer = getattr(node._offered, service)(Trigger.Request(), Trigger.Response())
    assert (answer.success, answer.message) == (
        False,
        "only a simulated robot may be put elsewhere; use reset_fault",
    )


@pytest.fixture
def simulated(node, monkeypatch):
    """Return the active node, its clock a list of one time, and the poses that it has sent."""
    assert node.bring_up()
    sent, clock = [], [10 * NS_PER_S]
    monkeypatch.setattr(node._path_clock, "is_simulated", True)
    monkeypatch.setattr(node, "_read_clock", lambda: clock[0])
    monkeypatch.setattr(node.outputs, "send", sent.append)
    return node, clock, sent


def test_after_letting_go_nothing_is_sent_until_rebase(simulated, monkeypatch):
    node, clock, sent = simulated
    assert node.let_go() == ""
    elsewhere = np.array(node.contract.home_rad) + 0.1
    monkeypatch.setattr(node.inputs, "look", lambda: elsewhere)
    for _ in range(5):
        clock[0] += 10_000_000
        node.tick(wake())
    assert sent == []
    assert node.rebase() == ""
    clock[0] += 10_000_000
    node.tick(wake())
    assert len(sent) == 1
    np.testing.assert_allclose(node.path.gate.plan.rest_position(), elsewhere, atol=1e-3)


def test_path_starts_by_itself_when_nobody_calls_rebase(simulated, monkeypatch):
    node, clock, sent = simulated
    monkeypatch.setattr(node.inputs, "look", lambda: np.array(node.contract.home_rad))
    assert node.let_go() == ""
    clock[0] += module.LET_GO_NS + 1
    node.tick(wake())
    clock[0] += 10_000_000
    node.tick(wake())
    assert len(sent) == 1


def test_robot_that_somebody_owns_is_not_let_go(simulated):
    node, _clock, _sent = simulated
    node.path.acquire(node.now_ns, "policy", "policy_node")
    assert node.let_go() == "policy owns the robot; release the lease first"


def test_services_of_an_inactive_node_say_so(node):
    assert node.trigger_configure() == SUCCESS
    control = node._offered._on_control(RequestControl.Request(), RequestControl.Response())
    reset = node._offered._on_reset(ResetFault.Request(operator_name="me"), ResetFault.Response())
    rebase = node._offered._on_rebase(Trigger.Request(), Trigger.Response())
    let_go = node._offered._on_let_go(Trigger.Request(), Trigger.Response())
    for answer in (control, reset, rebase, let_go):
        assert answer.message == "command_node is not active; activate it first"
