"""Pins that an expert does its task through the robot's interfaces, and ends after the episodes asked for."""

from __future__ import annotations

import pytest

from .twin_client import TwinClient, start_process

pytestmark = [pytest.mark.system, pytest.mark.slow]


def values(status):
    return {entry.key: entry.value for entry in status.values}


def test_expert_reaches_through_topics_and_ends_by_itself():
    client = TwinClient(task="reach", seed=5, camera_rate_hz=0.0)
    expert = start_process("dexora_sim.expert_node", task="reach", episodes=2)
    try:
        outcomes = {}

        def is_over():
            if client.status is not None and client.status.message != "running":
                outcomes[values(client.status)["seed"]] = client.status.message
            return expert.poll() is not None

        client.until(is_over, 60.0, "the end of the expert")
        assert expert.returncode == 0
        assert outcomes == {"5": "success", "6": "success"}
    finally:
        if expert.poll() is None:
            expert.terminate()
            expert.wait(10.0)
        assert client.close() == 0
