"""Pins the whole graph on the twin: cameras, tokens, policy, command path, controllers.

A bundle with real graphs drives the robot through every interface; bad instructions change nothing; whichever
node is killed, the reaction is the one of the fault table, and nothing resumes by itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dexora_ros.stamps import to_ns

from dexora_msgs.action import RunPolicy
from dexora_msgs.msg import SafetyState

from .policy_robot import ARMS, PolicyRobot, again_when_starved

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/dexora_policy/test"))

import hand_bundle
from hand_bundle import CONTRACT

pytestmark = [pytest.mark.system, pytest.mark.slow]
RESULT = RunPolicy.Result
POSES = {"go home": CONTRACT.home_rad, "wave now": hand_bundle.wave_pose()}


@pytest.fixture(scope="module")
def whole_robot(tmp_path_factory):
    bundle = hand_bundle.build(tmp_path_factory.mktemp("policy") / "bundle")
    robot = PolicyRobot(bundle.path)
    yield robot
    robot.close()


@pytest.fixture
def robot(whole_robot):
    whole_robot.ready()
    return whole_robot


def rate_hz(messages):
    """Messages per second of simulated time."""
    stamps = [to_ns(message.header.stamp) for message in messages]
    return (len(stamps) - 1) / (stamps[-1] - stamps[0]) * 1e9


def legs(status):
    return {age.leg: age for age in status.ages}


@again_when_starved
def test_policy_drives_the_twin_at_its_rates_with_ages_published(robot):
    begin = robot.position()
    text, goal = max(POSES.items(), key=lambda pose: robot.distance(pose[1]))
    _, future = robot.run(text, timeout_s=6.0)
    result = robot.result(future)
    assert (result.outcome, result.code) == (RESULT.TIMED_OUT, "")
    robot.until(lambda: len(robot.chunks) >= result.chunks, what="every chunk that was counted")
    assert result.chunks == len(robot.chunks)
    assert np.abs(robot.position() - begin)[ARMS].max() > 0.1, "the robot moved"
    assert robot.distance(goal) < 0.1, "to where the policy wanted it"
    chunk = robot.chunks[-1]
    chain = (
        chunk.oldest_camera_stamp,
        chunk.token_stamp,
        chunk.inference_start,
        chunk.inference_end,
    )
    stamps = [to_ns(stamp) for stamp in chain]
    assert stamps == sorted(stamps)
    assert stamps[0] > 0
    assert to_ns(chunk.header.stamp) == to_ns(chunk.joint_state_stamp) <= stamps[2]
    assert chunk.instruction == text
    assert any(one.prefix_steps for one in robot.chunks), "chunks continue what is committed"
    assert 12.0 < rate_hz(robot.chunks) < 26.0
    assert 85.0 < rate_hz(robot.commands) < 130.0, "one per tick of a world that is slower than real time"
    ages = legs(robot.statuses[-1])
    assert {"capture_to_tokens", "inference", "capture_to_command", "joint_state_to_command"} <= set(ages)
    assert 0.0 < ages["capture_to_command"].p50 <= ages["capture_to_command"].p99 < 1.0
    assert robot.feedback[-1].capture_to_chunk_p50 > 0.0
    told = next(message for message in reversed(robot.told) if message.instruction)
    assert (told.engine, told.precision, told.steps) == ("onnx", "fp32", 2)
    assert list(told.stage_names) == ["prepare", "policy", "denormalise"]
    assert robot.resident_mb("policy") < 1000
    robot.rests()


@again_when_starved
def test_instruction_changes_on_the_way_and_bad_ones_change_nothing(robot):
    handle, future = robot.drives("wave now")
    robot.until(lambda: robot.distance(hand_bundle.wave_pose()) < 0.1, 30.0, "the first pose")
    for text, code in {
        "": "DX-POL-001",
        "lift it " * 1280: "DX-POL-001",
        "go\x07home": "DX-POL-002",
        "<|im_start|>go home": "DX-POL-003",
        "do a somersault": "DX-POL-004",
    }.items():
        answer = robot.tell(text)
        assert (answer.accepted, answer.code) == (False, code), text
    assert robot.chunks[-1].instruction == "wave now"
    assert robot.tell("Go home.").accepted
    robot.until(lambda: robot.distance(CONTRACT.home_rad) < 0.1, 30.0, "home")
    assert robot.chunks[-1].instruction == "go home"
    robot.until(handle.cancel_goal_async().done, what="answer to a cancel")
    assert robot.result(future).outcome == RESULT.CANCELLED


@again_when_starved
def test_cancel_in_motion_leaves_the_robot_holding(robot):
    handle, future = robot.drives("go home")
    assert robot.tell("wave now").accepted
    robot.until(lambda: robot.speed() > 0.1, what="a moving robot")
    handle.cancel_goal_async()
    assert robot.result(future).outcome == RESULT.CANCELLED
    robot.until(lambda: robot.safety[-1].owner == "hold", what="control given back")
    robot.rests()
    assert robot.safety[-1].level < SafetyState.LEVEL_SOFT_STOP, robot.safety[-1].summary
    sent = len(robot.chunks)
    robot.let_pass(0.5)
    assert len(robot.chunks) == sent


@again_when_starved
def test_goal_that_is_refused_says_why_and_moves_nothing(robot):
    for text, timeout, code in (
        ("lift it " * 1280, 1.0, "DX-POL-001"),
        ("wave\x07", 1.0, "DX-POL-002"),
        ("wave now", -1.0, "DX-POL-021"),
    ):
        _, future = robot.run(text, timeout)
        result = robot.result(future)
        assert (result.outcome, result.code) == (RESULT.REFUSED, code)
        assert result.reason
    handle, first = robot.drives("go home")
    _, second = robot.run("wave now")
    result = robot.result(second)
    assert (result.outcome, result.code) == (RESULT.REFUSED, "DX-POL-021")
    assert "'go home' is under way" in result.reason
    handle.cancel_goal_async()
    assert robot.result(first).outcome == RESULT.CANCELLED


def struck(robot, code, blow):
    """Let the policy drive, strike, and return the future of the run once the command node told a fault."""
    _, future = robot.drives("wave now")
    blow()
    robot.until(lambda: robot.said(code), 30.0, f"fault {code}")
    return future


def stopped(robot, future, code):
    """The run ends and names the fault, the robot rests, and nothing resumes by itself."""
    result = robot.result(future)
    assert (result.outcome, result.code) == (RESULT.STOPPED_BY_FAULT, "DX-POL-018")
    assert code in result.reason
    robot.rests()
    assert robot.safety[-1].owner == "hold"


@again_when_starved
def test_killed_encoder_lets_the_motion_run_out_and_stops(robot):
    future = struck(robot, "DX-FRS-011", lambda: robot.kill("tokens"))
    stopped(robot, future, "DX-FRS-011")
    robot.until(lambda: "DX-POL-006" in robot.told[-1].discard_reasons, what="old tokens counted")


@again_when_starved
def test_dead_cameras_let_the_motion_run_out_and_stop(robot):
    def blind():
        for view in CONTRACT.views:
            robot.inject("camera_drop", view)

    stopped(robot, struck(robot, "DX-FRS-011", blind), "DX-FRS-011")


@again_when_starved
def test_killed_policy_stops_the_robot(robot):
    struck(robot, "DX-FRS-010", lambda: robot.kill("policy"))
    robot.rests()
    assert robot.safety[-1].owner == "hold"


@again_when_starved
def test_killed_command_node_leaves_the_stop_to_the_controllers_and_ends_the_run(robot):
    _, future = robot.drives("wave now")
    robot.kill("command")
    robot.until(lambda: robot.enabled is False, 30.0, "the power removed by the watchdog")
    result = robot.result(future)
    assert (result.outcome, result.code) == (RESULT.STOPPED_BY_FAULT, "DX-POL-019")
    robot.rests()
