"""Pins the main job: a policy is told what to do on the twin, is judged, and goes on, by one launch line."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from dexora_core.bundle import load_bundle

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/dexora_policy/test"))

import hand_bundle

pytestmark = [pytest.mark.system, pytest.mark.slow]
SHIPPED = Path(__file__).resolve().parents[2] / "src/dexora_bringup/bundles/dexora36_compact"
# A busy machine makes pictures late in simulated time too; this policy takes any words, and lifts nothing.
SLOW_WORLD = ("realtime_factor:=0.4", "image_width:=64", "image_height:=48")
TAKES_ANY_WORDS = {
    "kind": "words",
    "max_tokens": hand_bundle.L,
    "dim": hand_bundle.DL,
    "known_instructions": [],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return hand_bundle.build(tmp_path_factory.mktemp("demo") / "bundle", language=TAKES_ANY_WORDS)


def test_policy_is_told_the_task_is_judged_and_goes_on_with_the_next_until_all_are_played(
    launch, bundle, tmp_path
):
    words = ("episodes:=2", "time_limit:=1.0", f"results:={tmp_path}/results.json", f"bundle:={bundle.path}")
    launched = launch("mujoco.launch.py", *SLOW_WORLD, *words)
    assert launched.wait(240.0) == 1, launched.output
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert (content["policy"], content["engine"]) == (bundle.bundle_id, "onnx")
    assert (content["played"], content["successes"]) == (2, 0)
    for seed, episode in enumerate(content["episodes"], start=1_000_000):
        said = episode["instruction"]
        assert "can" in said.split()
        assert f'lift, seed {seed}: the policy is told "{said}"' in launched.output
        assert f"runs '{said}'" in launched.output
        assert f'lift, seed {seed}, "{said}": FAILED after' in launched.output
    assert "0 of 2 (0 %) so far" in launched.output
    assert "the policy did not do every episode; the lines above say which and why" in launched.output
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_policy_that_ships_does_as_it_is_told(launch, tmp_path):
    results = tmp_path / "results.json"
    launched = launch("mujoco.launch.py", "realtime_factor:=0.4", "episodes:=3", f"results:={results}")
    launched.wait(240.0)
    content = json.loads(results.read_text(encoding="utf-8"))
    assert content["policy"] == load_bundle(SHIPPED).bundle_id
    assert content["played"] == 3
    assert content["successes"] >= 2, launched.output
    assert launched.survivors() == []


def test_ctrl_c_in_the_middle_of_an_episode_leaves_a_robot_that_holds(launch, bundle):
    words = (f"bundle:={bundle.path}", "task:=reach", "instruction:=wave now")
    launched = launch("mujoco.launch.py", *SLOW_WORLD, *words)
    launched.wait_for_output("policy_node asked for policy: policy owns the robot")
    assert 'reach, seed 1000000: the policy is told "wave now"' in launched.output
    assert launched.interrupt(is_group=True) == 0
    assert "'wave now' ended after" in launched.output
    assert launched.survivors() == []
    assert "Traceback" not in launched.output


def test_bundle_that_is_none_ends_the_launch_with_the_reason(launch, tmp_path):
    launched = launch("mujoco.launch.py", *SLOW_WORLD, f"bundle:={tmp_path}")
    launched.wait(120.0)
    assert "DX-BND-005" in launched.output
    assert launched.survivors() == []


def test_killed_policy_is_found_and_one_that_is_started_again_is_told_the_next_task(launch, bundle):
    words = (f"bundle:={bundle.path}", "fault:=policy_killed", "fault_start:=0.1")
    launched = launch("mujoco.launch.py", *SLOW_WORLD, *words)
    launched.wait_for_output("WHAT TO DO NEXT:")
    assert "policy_node, the source of all chunks, was killed (SIGKILL)" in launched.output
    told = launched.output.count("the policy is told")
    command = re.search(r"Here: `ros2 (run dexora_policy policy_node .*?)`", launched.output)[1]
    policy = launched.start(*command.split())
    launched.wait_for_output("the policy is told", count=told + 1)
    assert "FAILED after" in launched.output
    assert launched.interrupt(is_group=True) == 0
    policy.terminate()
    policy.communicate(timeout=20.0)
    assert launched.survivors() == []
