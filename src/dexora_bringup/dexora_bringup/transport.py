"""The transport in a launch file: every process after it gets the environment of `dexora_ros.transport`."""

from __future__ import annotations

import atexit

from dexora_ros.shared_memory import remove_stale_segments
from dexora_ros.transport import shared_memory_warning, transport_environment
from launch import Action
from launch.actions import LogInfo, SetEnvironmentVariable


def transport_actions() -> list[Action]:
    """Return the actions to put before the first process.

    Shared memory that killed processes left behind is removed now, and again when the launch itself ends,
    after all its processes. A machine with too little shared memory gets one warning and the stock transport.
    """
    remove_stale_segments()
    atexit.register(remove_stale_segments)
    warning = shared_memory_warning()
    environment = transport_environment()
    actions: list[Action] = [SetEnvironmentVariable(name, text) for name, text in environment.items()]
    if warning:
        actions.insert(0, LogInfo(msg=f"WARNING: {warning}"))
    return actions
