"""Quality of service: every profile keeps what architecture.md section 4 asks for."""

import pytest
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSCompatibility,
    ReliabilityPolicy,
    qos_check_compatible,
)

from dexora_ros import qos

ALL = {name: getattr(qos, name) for name in ("SENSOR", "STATE", "COMMAND", "STATUS", "LATCHED", "EVENTS")}


@pytest.mark.parametrize("name", ALL)
def test_profile_keeps_last_and_bounds_its_depth(name):
    assert ALL[name].history == HistoryPolicy.KEEP_LAST
    assert ALL[name].depth == (50 if name == "EVENTS" else 1)


def test_only_sensor_is_best_effort_and_only_latched_is_kept_for_late_joiners():
    assert {n for n, p in ALL.items() if p.reliability == ReliabilityPolicy.BEST_EFFORT} == {"SENSOR"}
    assert {n for n, p in ALL.items() if p.durability == DurabilityPolicy.TRANSIENT_LOCAL} == {"LATCHED"}


@pytest.mark.parametrize("name", ALL)
def test_sensor_subscriber_matches_every_publisher(name):
    compatibility, _ = qos_check_compatible(ALL[name], qos.SENSOR)
    assert compatibility != QoSCompatibility.ERROR
