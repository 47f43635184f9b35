"""Pins autostart: a managed node is configured and activated through its services, or the log says why."""

from __future__ import annotations

import signal
import sys

import pytest

pytest.importorskip("rclpy")
pytestmark = pytest.mark.system

_NODE = """
import sys
import rclpy
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn as R

class Node(LifecycleNode):
    def __init__(self):
        super().__init__("name_in_the_code", automatically_declare_parameters_from_overrides=True)
        names = ("text", "number", "group.list", "rule", "scope")
        print("parameters", [self.get_parameter(name).value for name in names], flush=True)
    def on_configure(self, state):
        print("configured", flush=True)
        return R.FAILURE if "--fail" in sys.argv else R.SUCCESS
    def on_activate(self, state):
        print("activated", flush=True)
        return super().on_activate(state)

rclpy.init()
try:
    rclpy.spin(Node())
except (KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
    pass
"""


@pytest.fixture
def lifecycle(start, tmp_path, monkeypatch):
    """Start a launch file with one managed node."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    script = tmp_path / "node.py"
    script.write_text(_NODE)

    def start_node(more=""):
        return start(
            "SetParameter('scope', True), "
            f"LifecycleNode(executable={sys.executable!r}, arguments=[{str(script)!r}{more}], "
            "name='managed', namespace='test', exec_name='node', "
            "autostart=LaunchConfiguration('on', default='true'), "
            "parameters=[{'text': '1e5', 'number': LaunchConfiguration('n', default='0.001'), "
            "'group': {'list': ['on', 'b']}}, Parameter('rule', ['c', 'd'])], output='screen')",
            noninteractive=True,
        )

    return start_node


def test_node_becomes_active(lifecycle):
    launched = lifecycle()
    launched.wait_for("[node-1] activated")
    launched.process.send_signal(signal.SIGINT)
    outcome = launched.finish()
    assert outcome.code == 0
    assert "parameters ['1e5', 0.001, ['on', 'b'], ['c', 'd'], True]\n" in outcome.out
    assert outcome.out.index("configured") < outcome.out.index("activated")
    assert "Failed to make transition" not in outcome.out
    assert launched.members() == []


def test_failed_transition_is_named_and_stops_there(lifecycle):
    launched = lifecycle(more=", '--fail'")
    launched.wait_for("Failed to make transition 'TRANSITION_CONFIGURE' for LifecycleNode '/test/managed'")
    launched.process.send_signal(signal.SIGINT)
    outcome = launched.finish()
    assert outcome.code == 0
    assert "activated" not in outcome.out


def test_shutdown_while_waiting_for_the_service(start):
    launched = start(
        "LifecycleNode(executable='sleep', arguments=['60'], "
        "name='managed', namespace='', autostart=True, exec_name='node')"
    )
    launched.wait_for("process started")
    launched.press_ctrl_c()
    outcome = launched.finish()
    assert outcome.code == 0
    assert "Abandoning wait for the '/managed/change_state' service, due to shutdown." in outcome.out
    assert launched.members() == []


def test_node_that_dies_ends_the_wait(start):
    launched = start(
        "LifecycleNode(executable='false', name='managed', namespace='', autostart=True, exec_name='node')"
    )
    outcome = launched.finish()
    assert outcome.code == 0
    assert "process has died" in outcome.out
