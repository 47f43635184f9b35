"""Pins the faults that a user watches: a process dies while the arms move, they come to rest, and it is told.

What bounds the rest is proven by tests/faults over many runs; here the machine may be loaded, and the times
that are told are simulated ones.
"""

from __future__ import annotations

import os
import re
import signal

import pytest

from .launched import SMALL_PICTURES

pytestmark = [pytest.mark.system, pytest.mark.slow]

STATE = ("topic", "echo", "--once", "--qos-durability", "transient_local", "/dexora/command/safety_state")
START = ("mujoco.launch.py", "expert:=true", "fault_start:=0.5", *SMALL_PICTURES)
STORY_S = 120.0
REST_BOUND_MS = 900
"""Largest age of a policy, the way to rest, and what a loaded machine adds."""


def story(launched):
    """Wait until the story is told; return when the arms rested [ms] and the shares of their limits [%]."""
    launched.wait_for_output("WHAT TO DO NEXT:", timeout_s=STORY_S)
    did = next(line for line in launched.output.splitlines() if "WHAT THE ROBOT DID:" in line)
    rest = re.search(r"came to rest (\d+) ms after the fault", did)
    shares = re.search(r"velocity (\d+) %, acceleration (\d+) %, jerk (\d+) %", did)
    assert rest, did
    assert shares, did
    return int(rest[1]), [int(share) for share in shares.groups()]


@pytest.fixture(scope="module")
def killed(module_launch):
    return module_launch(*START, "fault:=policy_killed")


def test_killed_policy_ends_in_a_smooth_hold_with_a_sentence_that_explains_it(killed):
    rest_ms, shares = story(killed)
    assert 100 < rest_ms < REST_BOUND_MS
    assert max(shares) <= 101, "more than the limits"
    told = killed.output
    assert "expert_node, the source of all chunks, was killed (SIGKILL)" in told
    assert "DX-FRS-010" in told
    assert "Restart the policy, then ask for control again." in told


def test_sentences_of_the_stop_ladder_are_printed_once_per_change(killed):
    story(killed)
    before, _, after = killed.output.partition("process has died")  # a busy machine may starve it before, too
    assert after.count("[command_node]: DX-FRS-010 L2") == 1
    assert "[command_node]: All is well." in before


def test_launch_stays_up_and_the_robot_holds_after_a_killed_policy(killed):
    story(killed)
    state = killed.ask_until(*STATE, contains=["owner: hold", "is_moving: false"])
    assert "DX-FRS-010" in state.out
    assert killed.process.poll() is None


def test_restarted_policy_moves_the_robot_again(killed):
    story(killed)
    words = re.search(r"Here: `ros2 (run dexora_sim expert_node .*?)`", killed.output)[1].split()
    answer = killed.ask(*words, "-p", "episodes:=1", timeout_s=STORY_S)
    assert answer.code == 0, answer.err
    assert "1 of 1 so far" in answer.err
    assert killed.output.rindex("All is well.") > killed.output.index("DX-FRS-010 L2")
    assert killed.interrupt(is_group=True) == 0
    assert killed.survivors() == []
    assert "Traceback" not in killed.output


def test_with_episodes_the_launch_ends_when_the_story_is_told(launch):
    launched = launch(*START, "fault:=policy_stalled", "episodes:=1")
    assert launched.wait(STORY_S) == 0
    rest_ms, _shares = story(launched)
    assert rest_ms < REST_BOUND_MS
    assert re.search(r"`kill -CONT \d+` lets it go on", launched.output)
    assert launched.survivors() == []


def test_killed_command_node_leaves_the_stop_with_the_controllers(launch):
    launched = launch(*START, "fault:=command_killed")
    rest_ms, _shares = story(launched)
    assert rest_ms < REST_BOUND_MS
    assert "The controllers ran to the end of what they had been sent" in launched.output
    launched.wait_for_output("asks for the power to be removed: no heartbeat of command_node")
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []


def test_killed_watchdog_stops_the_robot_until_an_operator_resets(launch):
    launched = launch(*START, "fault:=watchdog_killed")
    rest_ms, _shares = story(launched)
    assert rest_ms < REST_BOUND_MS
    assert "DX-FRS-017 L3" in launched.output
    assert "ros2 service call /dexora/command/reset_fault" in launched.output
    refusals = launched.output.count("Control was refused to policy: DX-FRS-017 is active")
    assert refusals <= 4, "a refusal is told once"
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []


def test_policy_killed_by_hand_does_not_end_the_launch(launch):
    launched = launch("mujoco.launch.py", "task:=reach", "expert:=true", *SMALL_PICTURES)
    launched.ask_until(*STATE, contains=["owner: policy", "is_moving: true"])
    os.kill(launched.pid_of("expert_node"), signal.SIGKILL)
    launched.wait_for_output("[command_node]: DX-FRS-010 L2")
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
