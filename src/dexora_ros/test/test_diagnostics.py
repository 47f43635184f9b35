"""Diagnostics and heartbeats: names, levels, and a check that fails itself."""

import pytest
from dexora_ros.diagnostics import Check
from diagnostic_msgs.msg import DiagnosticStatus

from .sample_node import SampleNode


@pytest.fixture
def node(ros):
    node = SampleNode()
    yield node
    node.destroy_node()


def by_name(node):
    return {status.name: status for status in node.diagnostics.collect()}


def test_every_node_reports_its_state_and_executor(node):
    statuses = by_name(node)
    assert set(statuses) == {"dexora/sample: node", "dexora/sample: executor"}
    status = statuses["dexora/sample: node"]
    assert (status.level, status.message) == (DiagnosticStatus.OK, "unconfigured")
    assert status.hardware_id == "/sample_node"


def test_latched_fault_turns_the_node_check_to_error(node):
    node.record_fault("tick", ValueError("bad"))
    status = by_name(node)["dexora/sample: node"]
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, "tick: ValueError: bad")


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (Check.ok("a"), DiagnosticStatus.OK),
        (Check.warn("a"), DiagnosticStatus.WARN),
        (Check.error("a"), DiagnosticStatus.ERROR),
        (Check.stale("a", {"age": "3 s"}), DiagnosticStatus.STALE),
    ],
)
def test_added_check_is_published_with_level_and_values(node, check, level):
    node.diagnostics.add("camera", lambda: check)
    status = by_name(node)["dexora/sample: camera"]
    assert (status.level, status.message) == (level, "a")
    assert {pair.key: pair.value for pair in status.values} == check.values
    node.diagnostics.remove("camera")
    assert "dexora/sample: camera" not in by_name(node)


def test_check_that_raises_is_an_error_and_a_fault(node):
    node.diagnostics.add("broken", lambda: 1 / 0)
    assert by_name(node)["dexora/sample: broken"].level == DiagnosticStatus.ERROR
    assert node.fault.error_type == "ZeroDivisionError"


def test_heartbeat_tells_the_lifecycle_state(node):
    sent = []
    heartbeat = node.create_heartbeat(0.05)
    heartbeat._publisher.publish = lambda message: sent.append((message.frame_id, message.stamp.sec > 0))
    heartbeat.beat()
    node.bring_up()
    heartbeat.beat()
    assert sent == [("unconfigured", True), ("active", True)]
    assert heartbeat._publisher.topic_name == "/dexora/sample/heartbeat"
