"""Transport of launch files: the environment is set, stale memory is cleared, a small machine is told."""

import pytest
from launch import LaunchContext
from launch.actions import LogInfo, SetEnvironmentVariable

from dexora_bringup import transport


@pytest.fixture
def cleared(monkeypatch):
    calls = []
    monkeypatch.setattr(transport, "remove_stale_segments", lambda: calls.append("now"))
    monkeypatch.setattr(transport.atexit, "register", lambda function: calls.append("at exit"))
    return calls


def test_environment_is_set_and_memory_cleared_now_and_at_the_end(cleared, monkeypatch):
    monkeypatch.setattr(transport, "shared_memory_warning", lambda: "")
    monkeypatch.setattr(transport, "transport_environment", lambda: {"DEXORA_SAMPLE": "1"})
    context = LaunchContext()
    (action,) = transport.transport_actions()
    assert isinstance(action, SetEnvironmentVariable)
    action.visit(context)
    assert context.environment["DEXORA_SAMPLE"] == "1"
    assert cleared == ["now", "at exit"]


def test_small_shared_memory_is_reported_first(cleared, monkeypatch):
    monkeypatch.setattr(transport, "shared_memory_warning", lambda: "/dev/shm has 64 MiB free")
    actions = transport.transport_actions()
    assert isinstance(actions[0], LogInfo)
    assert all(isinstance(action, SetEnvironmentVariable) for action in actions[1:])
