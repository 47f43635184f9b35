"""Lifecycle base: no exception is lost, the first one is latched, and there is one way down.

Pins reliability.md section 1 finding 9 (rclpy swallows exceptions of lifecycle callbacks).
"""

import threading

import pytest
from dexora_core.errors import BundleError, ConfigError
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from .sample_node import SampleNode

SUCCESS = TransitionCallbackReturn.SUCCESS


@pytest.fixture
def make_node(ros):
    nodes = []

    def make(**options):
        nodes.append(SampleNode(**options))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


def test_bring_up_and_shut_down_call_every_hook_once(make_node):
    node = make_node()
    assert node.bring_up()
    assert node.is_active
    assert node.state_label == "active"
    node.shut_down()
    node.shut_down()
    assert node.calls == ["on_setup", "on_start", "on_stop", "on_teardown"]
    assert node.state_label == "finalized"


def test_construction_configures_nothing_even_with_autostart(make_node):
    node = make_node(parameter_overrides=[Parameter("autostart", value=True)])
    assert node.autostart
    assert node.calls == []
    assert node.state_label == "unconfigured"


def test_exception_in_setup_is_latched_with_traceback_and_tears_down_once(make_node):
    node = make_node(failures={"on_setup": ValueError("no such file")})
    assert not node.bring_up()
    assert node.calls == ["on_setup", "on_fault", "on_teardown"]
    assert node.state_label == "unconfigured"
    assert str(node.fault) == "on_setup: ValueError: no such file"
    assert "sample_node.py" in node.fault.traceback_text


def test_refusal_in_setup_keeps_its_code(make_node):
    node = make_node(failures={"on_setup": BundleError("hash differs", code="DX-BND-001")})
    assert not node.bring_up()
    assert "DX-BND-001: hash differs" in str(node.fault)


def test_exception_in_start_tears_down_through_stop(make_node):
    node = make_node(failures={"on_start": RuntimeError("device busy")})
    assert not node.bring_up()
    assert node.calls == ["on_setup", "on_start", "on_fault", "on_stop", "on_teardown"]
    assert not node.is_active


def test_exception_in_stop_still_tears_down(make_node):
    node = make_node(failures={"on_stop": RuntimeError("device gone")})
    node.bring_up()
    node.trigger_deactivate()
    assert node.calls[-2:] == ["on_fault", "on_teardown"]
    assert node.state_label == "unconfigured"


def test_exception_in_teardown_finalizes_instead_of_hiding(make_node):
    node = make_node(failures={"on_teardown": RuntimeError("cannot close")})
    node.trigger_configure()
    node.trigger_cleanup()
    assert node.fault.where == "on_teardown"
    assert node.calls.count("on_teardown") == 1


def test_first_fault_wins_and_later_ones_are_counted(make_node):
    node = make_node()
    node.record_fault("first", ValueError("a"))
    node.record_fault("second", ValueError("b"))
    assert node.fault.where == "first"
    assert node.suppressed_faults == 1
    assert node.calls == ["on_fault"]


def test_exception_in_on_fault_keeps_the_first_fault(make_node):
    node = make_node(failures={"on_fault": RuntimeError("worse")})
    node.bring_up()
    node.record_fault("tick", ValueError("bad"))
    assert node.fault.where == "tick"
    assert node.state_label == "inactive"


def test_callback_fault_deactivates_and_blocks_activation_until_configured_again(make_node):
    node = make_node()
    node.bring_up()

    def tick():
        raise ValueError("bad value")

    assert node.guard(tick)() is None
    assert node.state_label == "inactive"
    assert node.trigger_activate() != SUCCESS
    node.trigger_cleanup()
    assert node.bring_up()
    assert node.fault is None


def test_guard_returns_result_and_wraps_once(make_node):
    node = make_node()
    guarded = node.guard(lambda value: value + 1)
    assert guarded(1) == 2
    assert node.guard(guarded) is guarded


def test_guard_latches_exception_of_coroutine(make_node):
    node = make_node()

    async def execute(_goal):
        raise ValueError("in a coroutine")

    coroutine = node.guard(execute)(None)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert node.fault.where == "execute"


def test_subscription_timer_and_service_exceptions_are_latched(make_node):
    node = make_node()

    def on_message(_message):
        raise ValueError("in a subscription")

    def on_request(_request, _response):
        raise ValueError("in a service")

    subscription = node.create_subscription(Header, "numbers", on_message, 1)
    service = node.create_service(ChangeState, "service", on_request)
    timer = node.create_timer(100.0, lambda: 1 / 0)
    subscription.callback(Header())
    timer.callback()
    response = service.callback(ChangeState.Request(), ChangeState.Response(success=True))
    assert node.fault.where == "on_message"
    assert node.suppressed_faults == 2
    assert response.success is False


def test_fault_of_other_thread_deactivates_on_the_spinning_thread(make_node):
    node = make_node()
    node.bring_up()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.note_spin_thread()
    stopped_on = []
    node.on_stop = lambda: stopped_on.append(threading.current_thread())
    worker = threading.Thread(target=node.guard(lambda: 1 / 0))
    worker.start()
    worker.join()
    assert node.is_active
    executor.spin_once(timeout_sec=1.0)
    assert stopped_on == [threading.main_thread()]
    executor.shutdown()


def test_entities_of_a_phase_are_destroyed_with_it(make_node):
    node = make_node()
    node.on_setup = lambda _parameters: node.create_publisher(Header, "setup", 1)
    node.on_start = lambda: node.create_subscription(Header, "start", lambda _m: None, 1)
    before = (len(list(node.publishers)), len(list(node.subscriptions)))
    for _ in range(2):
        node.bring_up()
        assert (len(list(node.publishers)), len(list(node.subscriptions))) == (before[0] + 1, before[1] + 1)
        node.trigger_deactivate()
        assert (len(list(node.publishers)), len(list(node.subscriptions))) == (before[0] + 1, before[1])
        node.trigger_cleanup()
        assert (len(list(node.publishers)), len(list(node.subscriptions))) == before


def test_own_destroys_foreign_entities_and_skips_destroyed_ones(make_node):
    class Device:
        destroyed = 0

        def destroy(self):
            self.destroyed += 1

    device = Device()
    node = make_node()

    def set_up(_parameters):
        node.own(device)
        node.destroy_publisher(node.create_publisher(Header, "short", 1))

    node.on_setup = set_up
    node.trigger_configure()
    assert node.trigger_cleanup() == SUCCESS
    assert device.destroyed == 1


def test_change_state_service_takes_the_same_path(make_node):
    node = make_node(failures={"on_setup": ValueError("bad")})
    request = ChangeState.Request()
    request.transition.id = Transition.TRANSITION_CONFIGURE
    response = node._service_change_state.callback(request, ChangeState.Response())
    assert response.success is False
    assert node.fault.where == "on_setup"


def test_refused_parameters_leave_no_node_behind(ros):
    with pytest.raises(ConfigError, match="unknown: rate; allowed: autostart"):
        SampleNode(parameter_overrides=[Parameter("rate", value=1.0)])


def test_parameter_change_reaches_the_hook_with_new_values(make_node):
    node = make_node()
    (result,) = node.set_parameters([Parameter("speed_scale", value=0.5)])
    assert result.successful
    assert node.parameters.speed_scale == 0.5
    assert node.calls == ["on_parameters"]
