"""Pins that one launch line runs a bundle on the twin, and that arguments which cannot work are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/dexora_policy/test"))

import hand_bundle

pytestmark = [pytest.mark.system, pytest.mark.slow]
SLOW_WORLD = ("realtime_factor:=0.4", "image_width:=64", "image_height:=48", "task:=none")
STATE = ("topic", "echo", "--once", "--qos-durability", "transient_local", "/dexora/command/safety_state")
STATUS = ("topic", "echo", "--once", "/dexora/policy/status")
REFUSED = {
    "instruction without a policy": (
        ("instruction:=wave", "expert:=true"),
        "add bundle:=DIRECTORY, or leave instruction out",
    ),
    "policy without a way to the robot": (
        ("bundle:=/tmp", "command_path:=false"),
        "a policy moves the robot through command_node",
    ),
    "policy beside the expert": (
        ("bundle:=/tmp", "expert:=true", "task:=lift"),
        "expert and policy would both move the robot",
    ),
}


def test_bundle_and_instruction_move_the_twin_by_one_line(launch, tmp_path):
    bundle = hand_bundle.build(tmp_path / "bundle")
    words = (*SLOW_WORLD, f"bundle:={bundle.path}", "instruction:=wave now")
    launched = launch("mujoco.launch.py", *words)
    launched.ask_until("node", "list", contains=["/policy_node", "/token_encoder_node", "/command_node"])
    launched.wait_for_output("runs 'wave now'")
    launched.wait_for_output("policy_node asked for policy: policy owns the robot")
    answer = launched.ask_until(*STATUS, contains=["instruction: wave now", "engine: onnx"])
    assert f"policy_id: {bundle.bundle_id}" in answer.lines
    assert launched.interrupt(is_group=True) == 0
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_bundle_that_is_none_ends_its_nodes_with_the_reason(launch, tmp_path):
    launched = launch("mujoco.launch.py", *SLOW_WORLD, f"bundle:={tmp_path}")
    launched.wait_for_output("policy_node: on_setup: BundleError: DX-BND-005")
    launched.wait_for_output("cannot start: token_encoder_node")


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_cannot_work_are_refused(launch, name):
    words, sentence = REFUSED[name]
    launched = launch("mujoco.launch.py", *words)
    assert launched.wait(30.0) == 1
    assert sentence in launched.output
    assert "process started" not in launched.output
