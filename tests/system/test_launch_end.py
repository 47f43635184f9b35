"""Pins how a launch ends: by Ctrl-C, by SIGTERM, with its expert; nothing is left, whichever way."""

from __future__ import annotations

import os
import signal
import time

import pytest

from .launched import SMALL_PICTURES, WORLD_ALONE

pytestmark = pytest.mark.system


@pytest.mark.parametrize("is_group", [True, False], ids=["terminal", "launch alone"])
def test_ctrl_c_ends_every_process_cleanly_with_code_0(launch, is_group):
    launched = launch("mujoco.launch.py", *WORLD_ALONE)
    launched.ask_until("node", "list", contains=["/twin_node", "/robot_state_node"])
    assert launched.interrupt(is_group) == 0
    assert launched.survivors() == []
    assert launched.output.count("process has finished cleanly") == 2
    for trouble in ("Traceback", "SIGTERM", "SIGKILL", "process has died"):
        assert trouble not in launched.output, launched.output


def test_ctrl_c_while_nodes_still_start_leaves_nothing(launch):
    launched = launch("mujoco.launch.py", *WORLD_ALONE)
    launched.wait_for_output("[twin_node-2]: process started")
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []


def test_sigterm_to_the_launch_ends_everything(launch):
    launched = launch("mujoco.launch.py", *WORLD_ALONE)
    launched.ask_until("node", "list", contains=["/twin_node"])
    launched.process.send_signal(signal.SIGTERM)
    launched.wait(20.0)
    end_s = time.monotonic() + 10.0
    while launched.survivors() and time.monotonic() < end_s:
        time.sleep(0.1)
    assert launched.survivors() == []


def test_expert_plays_its_episodes_and_the_launch_ends_with_code_0(launch):
    words = ("task:=reach", "expert:=true", "seed:=5", "episodes:=2")
    launched = launch("mujoco.launch.py", *words, *SMALL_PICTURES)
    assert launched.wait(180.0) == 0
    for seed in (5, 6):
        assert f"seed {seed}: success after" in launched.output, launched.output
    assert "2 of 2 so far" in launched.output
    assert launched.survivors() == []


@pytest.mark.slow
def test_command_node_that_refuses_to_start_ends_the_launch_with_code_1_and_says_why(launch):
    launched = launch("mujoco.launch.py", "expert:=true", *SMALL_PICTURES)
    launched.wait_for_output("[twin_node-")
    os.kill(launched.pid_of("twin_node"), signal.SIGSTOP)
    assert launched.wait(120.0) == 1
    assert "DX-CMD-006" in launched.output
    assert "command_node did not start; its lines above say why" in launched.output
    assert "/clock, although use_sim_time is set" in launched.output
    assert launched.survivors() == []


def test_process_that_ignores_ctrl_c_is_killed_within_the_ladder(launch):
    launched = launch("mujoco.launch.py", *WORLD_ALONE)
    launched.ask_until("node", "list", contains=["/twin_node"])
    twin = launched.pid_of("twin_node")
    os.kill(twin, signal.SIGSTOP)
    begin_s = time.monotonic()
    assert launched.interrupt(is_group=True) == 0
    assert time.monotonic() - begin_s < 15.0
    assert "SIGKILL" in launched.output
    assert launched.survivors() == []
