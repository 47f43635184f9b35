"""Pins what follows the end of a process: on_exit, a required process, respawn, errors while launching."""

from __future__ import annotations

import os
import time

import pytest
from launch.actions import (
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
)
from launch.substitutions import LaunchConfiguration


def test_on_exit_takes_actions_or_a_function(run, python):
    def ended(event, context):
        return LogInfo(msg=f"{event.process_name} {event.returncode}")

    child = ExecuteProcess(cmd=python("raise SystemExit(2)"), name="child", on_exit=ended)
    out = run(
        child, ExecuteProcess(cmd=python(""), on_exit=[LogInfo(msg="first"), LogInfo(msg="second")])
    ).out
    assert f"[launch.user]: {child.name} 2\n" in out
    assert "[launch.user]: first\n[INFO] [launch.user]: second\n" in out


def test_required_process_ends_the_launch(run, python):
    child = ExecuteProcess(
        cmd=python("raise SystemExit(2)"), name="child", on_exit=Shutdown(reason="it died")
    )
    other = ExecuteProcess(cmd=["sleep", "30"], name="other")
    outcome = run(child, other)
    assert outcome.code == 0
    assert (
        f"[INFO] [launch]: process[{child.name}] was required: shutting down launched system\n" in outcome.out
    )
    assert f"sending signal 'SIGINT' to process[{other.name}]" in outcome.out
    assert other.return_code == -2


def test_respawn_stops_at_the_limit(run, python):
    child = ExecuteProcess(
        cmd=python("raise SystemExit(1)"),
        name="child",
        respawn=True,
        respawn_max_retries=2,
        respawn_delay=0.01,
    )
    out = run(child).out
    assert out.count(f"[{child.name}]: process started with pid") == 3
    assert out.count(f"[{child.name}]: process has died") == 3


def test_respawn_also_after_a_clean_exit_and_ends_with_the_launch(run, python):
    count = []
    child = ExecuteProcess(
        cmd=python(""),
        name="child",
        respawn=LaunchConfiguration("r"),
        respawn_delay=60.0,
        on_exit=lambda event, context: count.append(event.pid),
    )
    began = time.monotonic()
    out = run(SetLaunchConfiguration("r", "true"), child, TimerAction(period=0.5, actions=[Shutdown()])).out
    assert time.monotonic() - began < 10.0
    assert len(count) == 1
    assert out.count("process started with pid") == 1


def test_no_respawn_by_default(run, python):
    assert run(ExecuteProcess(cmd=python(""), name="child")).out.count("process started with pid") == 1


def test_executing_an_action_twice_is_an_error(run, python):
    child = ExecuteProcess(cmd=python(""))
    outcome = run(child, child)
    assert outcome.code == 1
    assert "executed more than once" in outcome.out


def test_error_after_a_start_ends_what_was_started(run):
    def fail(context):
        raise ValueError("no good")

    child = ExecuteProcess(cmd=["sleep", "30"], name="child")
    outcome = run(child, OpaqueFunction(function=fail))
    assert outcome.code == 1
    assert "[ERROR] [launch]: Caught exception in launch (see debug for traceback): no good\n" in outcome.out
    with pytest.raises(ProcessLookupError):
        os.kill(outcome.pid_of("child") if "process started" in outcome.out else 2**22 - 1, 0)
