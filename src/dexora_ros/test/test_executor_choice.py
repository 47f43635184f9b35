"""Start-up probe: an executor that delivers nothing is replaced, and the operator is told.

Pins performance.md section 6.4 (the EventsExecutor of some builds hangs without a time limit).
"""

import pytest
import rclpy
from dexora_ros.executor_choice import choose_executor, delivers, events_executor, single_threaded_executor


class DeadExecutor:
    """Takes nodes, returns at once, delivers nothing; remembers the time limits it was given."""

    def __init__(self):
        self.timeouts = []
        self.is_shut_down = False

    def add_node(self, _node):
        return True

    def remove_node(self, _node):
        """Forget the node."""

    def spin_once(self, timeout_sec):
        self.timeouts.append(timeout_sec)

    def shutdown(self):
        self.is_shut_down = True


def test_working_executor_is_chosen_without_warning(ros):
    context = rclpy.get_default_context()
    choice = choose_executor(context, preferred=single_threaded_executor)
    assert choice.label == "SingleThreadedExecutor"
    assert choice.warning == ""
    choice.executor.shutdown()


def test_dead_executor_is_replaced_with_one_sentence(ros):
    dead = DeadExecutor()
    context = rclpy.get_default_context()
    choice = choose_executor(context, preferred=lambda _context: dead, probe_timeout_s=0.05)
    assert choice.label == "SingleThreadedExecutor"
    assert "DeadExecutor delivered no message within 0.05 s" in choice.warning
    assert "SingleThreadedExecutor is used" in choice.warning
    assert dead.is_shut_down
    assert all(0.0 < timeout < 1.0 for timeout in dead.timeouts)
    choice.executor.shutdown()


def test_missing_executor_is_replaced_with_one_sentence(ros):
    def absent(_context):
        raise ImportError("no module named rclpy.experimental")

    choice = choose_executor(rclpy.get_default_context(), preferred=absent)
    assert "this rclpy has no EventsExecutor (no module named rclpy.experimental)" in choice.warning
    choice.executor.shutdown()


@pytest.mark.parametrize("make", [events_executor, single_threaded_executor])
def test_probe_leaves_no_node_on_the_executor(ros, make):
    context = rclpy.get_default_context()
    try:
        executor = make(context)
    except ImportError:
        pytest.skip("this rclpy has no EventsExecutor")
    assert delivers(executor, context, 1.0)
    assert list(executor.get_nodes()) == []
    executor.shutdown()
