"""Pins that the command path's processes leave shared memory before the middleware starts."""

import pytest

from dexora_control import clearance_node, command_node, watchdog_node


@pytest.mark.parametrize(
    ("module", "runner"),
    [(command_node, "run_paced_node"), (watchdog_node, "run_node"), (clearance_node, "run_node")],
)
def test_process_leaves_shared_memory_first(module, runner, monkeypatch):
    done = []
    monkeypatch.setattr(module, "leave_shared_memory", lambda: done.append("left"))
    monkeypatch.setattr(module, runner, lambda _node: done.append("started") or 0)
    assert module.main() == 0
    assert done == ["left", "started"]
