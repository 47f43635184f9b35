"""What the node makes of bad inputs and broken models: refused with a code, counted, and nothing crashes.

Rows 15 to 17, 55 and 56 of the fault matrix, at the node. Nothing spins: results are collected by hand.
"""

import json
import queue
import time

import hand_bundle
import numpy as np
import pytest
import rclpy
from dexora_policy.policy_node import PolicyNode
from dexora_ros.buffers import fill_tokens
from dexora_ros.stamps import from_ns
from hand_bundle import CONTRACT, D, H, J, N, V
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from dexora_engines import graph_signature
from dexora_msgs.msg import VisualTokens
from dexora_msgs.srv import SetInstruction

EPOCH = 5


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    rclpy.init(args=[])
    yield hand_bundle.build(tmp_path_factory.mktemp("policy") / "bundle")
    rclpy.shutdown()


class Stand:
    """A node with control, whose world is fresh whenever it infers."""

    def __init__(self, bundle, tmp_path, steps):
        signature = graph_signature(bundle.manifest, "policy")
        script = {
            "inputs": {k: {"shape": list(v.shape), "dtype": v.dtype} for k, v in signature.inputs.items()},
            "outputs": {k: {"shape": list(v.shape), "dtype": v.dtype} for k, v in signature.outputs.items()},
            "steps": [{"outputs": {"actions": 0.0}}] * 6 + steps,  # the first six warm up
        }
        path = tmp_path / "script.json"
        path.write_text(json.dumps(script))
        values = {"bundle": str(bundle.path), "engine": "mock", "mock_script": str(path)}
        self.node = PolicyNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
        self.done = queue.Queue()
        self.sent = []
        assert self.node.bring_up(), self.node.fault
        self.node._worker._deliver = self.done.put
        self.node._outputs.send = self.sent.append
        self.node._runs.begin_at_start("wave now")
        self.node._lease.epoch = EPOCH

    @property
    def conductor(self):
        return self.node._conductor

    def joints(self, stamp_ns=None, **changes):
        values = {"name": list(CONTRACT.joint_names), "position": CONTRACT.home_rad.tolist(), **changes}
        message = JointState(**values)
        message.header.stamp = from_ns(time.time_ns() if stamp_ns is None else stamp_ns)
        self.node._inputs._on_joints(message)

    def tokens(self, values=None, encoder_id="patch-means", age_ns=10_000_000):
        values = np.zeros((V, N, D), np.float32) if values is None else values
        now_ns = time.time_ns()
        message = fill_tokens(VisualTokens(), values, CONTRACT.views, [now_ns - age_ns] * V)
        message.encoder_id, message.encode_end = encoder_id, from_ns(now_ns)
        self.node._inputs._on_tokens(message)

    def infer(self):
        """Let time pass, feed the node, and collect one result."""
        time.sleep(0.06)
        self.joints()
        self.tokens()
        self.node._collect(self.done.get(timeout=10.0))


@pytest.fixture
def make(bundle, tmp_path):
    made = []

    def build(*steps):
        made.append(Stand(bundle, tmp_path, list(steps)))
        return made[-1]

    yield build
    for stand in made:
        stand.node.shut_down()
        stand.node.destroy_node()


def test_good_result_is_published_under_the_lease(make):
    stand = make({"outputs": {"actions": 0.0}})
    stand.infer()
    assert len(stand.sent) == 1
    assert (stand.sent[0].epoch, stand.sent[0].positions.shape) == (EPOCH, (H, J))


def test_model_that_returns_nan_publishes_nothing_and_ends_the_run(make):
    stand = make({"nan": ["actions"]})
    stand.infer()
    assert stand.conductor.run is not None
    for _ in range(50):
        if stand.conductor.run is not None:
            stand.infer()
    assert stand.sent == []
    assert stand.conductor.discards["DX-POL-011"] >= 2
    assert stand.node._lease.epoch is None
    assert stand.node.fault is None
    assert stand.node.is_active, "and the next run may begin"


def test_single_nan_is_survived(make):
    stand = make({"nan": ["actions"]}, {"outputs": {"actions": 0.0}})
    stand.infer()
    stand.infer()
    assert len(stand.sent) == 1
    assert stand.conductor.run is not None


def test_model_far_outside_the_limits_publishes_nothing(make):
    stand = make({"outputs": {"actions": 2.0}})
    stand.infer()
    assert stand.sent == []
    assert stand.conductor.discards["DX-POL-012"] == 1


def test_memory_once_short_discards_and_twice_ends_run_and_node(make):
    stand = make({"error": "out of memory"}, {"error": "out of memory"})
    stand.infer()
    assert stand.conductor.run is not None
    assert stand.conductor.discards["DX-POL-016"] == 1
    stand.infer()
    assert stand.conductor.run is None
    assert "DX-ENG-006" in str(stand.node.fault)
    assert not stand.node.is_active


@pytest.mark.parametrize(("error", "code"), [("device lost", "DX-ENG-007"), ("something", "DX-ENG-008")])
def test_broken_engine_ends_run_and_node_with_its_code(make, error, code):
    stand = make({"error": error})
    stand.infer()
    assert stand.conductor.run is None
    assert code in str(stand.node.fault)
    assert not stand.node.is_active


@pytest.mark.parametrize(
    ("feed", "code"),
    [
        (lambda s: s.tokens(encoder_id="somebody-else"), "DX-POL-007"),
        (lambda s: s.tokens(np.zeros((V, N + 1, D), np.float32)), "DX-POL-008"),
        (lambda s: s.tokens(np.full((V, N, D), np.nan, np.float32)), "DX-POL-008"),
        (lambda s: s.node._inputs._on_tokens(VisualTokens(encoder_id="patch-means")), "DX-POL-008"),
        (lambda s: s.joints(position=[float("nan")] * J), "DX-POL-009"),
        (lambda s: s.joints(name=["knee"], position=[0.0]), "DX-POL-009"),
        (lambda s: s.joints(position=[0.0]), "DX-POL-009"),
        (lambda s: (s.joints(), s.tokens(age_ns=10**9)), "DX-POL-006"),
        (lambda s: (s.joints(stamp_ns=time.time_ns() - 10**9), s.tokens()), "DX-POL-010"),
    ],
)
def test_bad_input_is_counted_under_its_code_and_starts_no_inference(make, feed, code):
    stand = make({"outputs": {"actions": 0.0}})
    feed(stand)
    stand.node._poll()
    assert stand.conductor.discards[code] >= 1
    assert not stand.node._worker.is_busy
    assert stand.node.fault is None


def test_result_of_a_run_that_was_ended_meanwhile_is_void(make):
    stand = make({"outputs": {"actions": 0.0}, "delay_s": 0.05})
    time.sleep(0.06)
    stand.joints()
    stand.tokens()
    stand.node._runs.close("test")
    stand.node._collect(stand.done.get(timeout=10.0))
    assert stand.sent == []
    assert stand.conductor.discards["DX-POL-015"] == 1


def test_lost_control_ends_the_run_with_what_the_command_node_said(make):
    stand = make({"outputs": {"actions": 0.0}})
    stand.node._on_lost()
    stand.node._watch()
    assert stand.conductor.run is None


def test_control_that_is_granted_after_the_end_is_given_back(make):
    stand = make({"outputs": {"actions": 0.0}})
    stand.node._runs.close("test")
    stand.node._lease.epoch = EPOCH + 1
    stand.node._watch()
    assert stand.node._lease.epoch is None


def test_instruction_without_a_run_is_refused(make):
    stand = make({"outputs": {"actions": 0.0}})
    stand.node._runs.close("test")
    answer = stand.node._runs._on_instruction(
        SetInstruction.Request(instruction="go home"), SetInstruction.Response()
    )
    assert (answer.accepted, answer.code) == (False, "DX-POL-021")


def test_clock_jump_voids_what_is_under_way(make, monkeypatch):
    stand = make({"outputs": {"actions": 0.0}, "delay_s": 0.05})
    time.sleep(0.06)
    stand.joints()
    stand.tokens()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 3600 * 10**9)
    stand.node._collect(stand.done.get(timeout=10.0))
    assert stand.sent == []
    assert stand.conductor.discards["DX-POL-014"] == 1
