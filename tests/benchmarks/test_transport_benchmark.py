"""Transport benchmark: both sides of every comparison run, and leave no shared memory behind."""

import json
import os
import sys
import time

import pytest
import transport
from _transport_worker import Plan, make_message, quality
from dexora_ros.transport import transport_environment
from rclpy.qos import ReliabilityPolicy


@pytest.mark.parametrize(("payload", "size"), [("image", 921_600), ("tokens", 1_184_256)])
def test_payloads_have_the_sizes_that_the_bars_name(payload, size):
    message = make_message(Plan(payload, True, 30.0, "dexora", 0))
    assert len(message.data) == size


def test_default_side_takes_nothing_of_ours_from_the_shell(monkeypatch):
    for name, value in transport_environment({}).items():
        monkeypatch.setenv(name, value)
    default, ours = transport.environment(False), transport.environment(True)
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in default
    assert "MALLOC_TOP_PAD_" not in default
    assert ours["FASTDDS_DEFAULT_PROFILES_FILE"].endswith("fastdds.xml")


def test_plan_travels_unchanged():
    plan = Plan("image", False, 30.0, "dexora", 20)
    assert plan == Plan(**json.loads(plan.to_json()))
    assert quality(plan).reliability == ReliabilityPolicy.BEST_EFFORT


@pytest.mark.system
def test_block_delivers_images_through_the_profile_and_cleans_up(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, os.environ.get("PYTHONPATH", "")]))
    block = transport.run_block(transport.SIDES["image reliable"]["dexora"], 0.5)
    assert 0 < len(block.latencies_ms) <= block.sent <= 15
    assert 0.0 < block.subscriber_cpu < 100.0


def test_fill_helper_beats_numpy_assignment_by_the_bar():
    slow, fast = transport.fill_costs_ms(3)
    assert sorted(slow)[1] / sorted(fast)[1] >= 50.0


def test_cpu_time_of_this_process_grows():
    before = transport.cpu_seconds(os.getpid())
    deadline_s = time.process_time() + 1.0
    while transport.cpu_seconds(os.getpid()) <= before and time.process_time() < deadline_s:
        pass  # the kernel books the time of a running thread at its next tick
    assert transport.cpu_seconds(os.getpid()) > before
