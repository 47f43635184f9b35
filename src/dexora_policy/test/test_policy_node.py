"""The node without spinning: why it does not start, and that the robot side is light."""

import subprocess
import sys

import hand_bundle
import numpy as np
import pytest
import rclpy
from dexora_policy.policy_node import PolicyNode
from dexora_policy.policy_run import RunEnd
from hand_bundle import CONTRACT
from rclpy.parameter import Parameter

HEAVY = ("torch", "transformers", "diffusers", "tensorrt", "pycuda", "mujoco", "onnx")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    rclpy.init(args=[])
    yield hand_bundle.build(tmp_path_factory.mktemp("policy") / "bundle").path
    rclpy.shutdown()


@pytest.fixture
def make(bundle):
    nodes = []

    def build(**parameters):
        values = {"bundle": str(bundle), **parameters}
        nodes.append(PolicyNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()]))
        return nodes[-1]

    yield build
    for node in nodes:
        node.shut_down()
        node.destroy_node()


def test_node_starts_with_a_bundle_that_fits_and_runs_nothing(make):
    node = make()
    assert node.bring_up()
    assert node._conductor.run is None


@pytest.mark.parametrize(("rate_hz", "steps"), [(0.0, 4), (10.0, 2)])
def test_policy_is_asked_as_often_as_its_bundle_says_unless_told_otherwise(tmp_path, make, rate_hz, steps):
    own = hand_bundle.build(tmp_path / "bundle", n_action_steps=4)
    node = make(bundle=str(own.path), rate_hz=rate_hz)
    assert node.bring_up()
    config = node._conductor._scheduler._config
    assert config.period_ns == pytest.approx(steps * config.step_ns, rel=0.01)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"bundle": "/nowhere"}, "DX-BND-001"),
        ({"precision": "int8"}, "DX-BND-005"),
        ({"engine": "tensorrt"}, "DX-ENG-002"),
        ({"instruction": "a\nb"}, "DX-POL-002"),
        ({"instruction": "juggle", "unknown_instructions": "refuse"}, "DX-POL-004"),
    ],
)
def test_node_that_cannot_start_says_why(make, parameters, code):
    node = make(**parameters)
    assert not node.bring_up()
    assert code in str(node.fault)


def test_fallback_is_used_on_request_and_told(make):
    node = make(engine="tensorrt", fallback_engine="onnx")
    assert node.bring_up()
    assert node._policy.engine == node._outputs._status.engine == "onnx"


def test_bundle_that_is_refused_is_no_reason_to_fall_back(make):
    node = make(engine="tensorrt", fallback_engine="onnx", precision="int8")
    assert not node.bring_up()
    assert "DX-BND-005" in str(node.fault)


def test_instruction_of_the_parameter_begins_a_run(make):
    node = make(instruction="Wave now")
    assert node.bring_up()
    assert node._conductor.run.instruction == "wave now"
    node.trigger_deactivate()
    assert node._conductor.run is None


def test_node_can_be_configured_again(make):
    node = make()
    for _ in range(2):
        assert node.bring_up()
        node.trigger_deactivate()
        node.trigger_cleanup()
    assert node.fault is None


def test_status_sentence_follows_the_run(make):
    node = make()
    node.bring_up()
    assert node._sentence() == "nothing runs"
    node._runs.begin_at_start("wave now")
    assert "waits for control" in node._sentence()
    node._runs.finish(RunEnd(None, "over"))
    assert node._sentence() == "nothing runs"


def test_whole_node_imports_and_infers_without_torch(bundle):
    """In a process of its own, because other tests of this one import anything."""
    program = f"""
import sys
from pathlib import Path
import dexora_policy.policy_node
from dexora_core.contract import load_contract
from dexora_description import contract_path
from dexora_policy.policy_loading import EngineSettings, LoadedPolicy
policy = LoadedPolicy(Path({str(bundle)!r}), load_contract(contract_path()), EngineSettings())
policy.warm_up(20.0, 0.0, 0.2)
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_wave_pose_of_the_hand_made_bundle_is_inside_the_limits():
    pose = hand_bundle.wave_pose()
    assert (pose >= CONTRACT.lower_rad).all()
    assert (pose <= CONTRACT.upper_rad).all()
    assert np.abs(pose - CONTRACT.home_rad).max() > 0.2
