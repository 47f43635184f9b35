"""From a directory to a policy that has run: what is refused before a node may activate."""

import io

import hand_bundle
import numpy as np
import pytest
from dexora_core.errors import BundleError, EngineError
from dexora_policy.policy_loading import EngineSettings, LoadedPolicy
from dexora_policy.policy_runner import Observation
from dexora_policy.token_intake import Tokens
from hand_bundle import CONTRACT, D, H, J, N, V

ONNX = EngineSettings()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return hand_bundle.build(tmp_path_factory.mktemp("policy") / "bundle")


def load(bundle, settings=ONNX):
    return LoadedPolicy(bundle.path, CONTRACT, settings)


def observe(policy, instruction):
    tokens = Tokens(np.zeros((V, N, D), np.float32), np.ones(V, bool), 0, 0)
    return policy.run(Observation(tokens, CONTRACT.home_rad, policy.features(instruction), np.zeros((0, J))))


def golden(bundle, shift=0.0):
    """Golden inputs as the exporter writes them, with actions that are off by `shift` normalised units."""
    policy = load(bundle)
    tokens = Tokens(np.zeros((V, N, D), np.float32), np.ones(V, bool), 0, 0)
    words = policy.features("wave now")
    inputs = policy._runner.inputs(Observation(tokens, CONTRACT.home_rad, words, np.zeros((0, J))))
    actions = policy._runner.solver._policy(inputs)["actions"] + np.float32(shift)
    policy.close()
    file = io.BytesIO()
    np.savez(file, actions=actions, **{name: values[None] for name, values in inputs.items()})
    return file.getvalue()


def test_bundle_that_fits_runs_and_depends_on_the_instruction(bundle):
    policy = load(bundle)
    plan = policy.warm_up(20.0, 0.03, 0.2)
    assert 0.0 < policy.latency_s < 1.0
    assert plan.replan_hz <= 20.0
    home, wave = (observe(policy, text).positions for text in hand_bundle.INSTRUCTIONS)
    policy.close()
    assert np.allclose(home, CONTRACT.home_rad, atol=1e-5)
    goal = hand_bundle.wave_pose() - CONTRACT.home_rad
    reached = 1 - np.exp(-(H - 1) * CONTRACT.rates.step_dt_s / hand_bundle.TAU_S)
    assert np.allclose(wave[-1] - CONTRACT.home_rad, reached * goal, atol=1e-4)


def test_flipped_byte_is_refused(tmp_path):
    bundle = hand_bundle.build(tmp_path / "bundle")
    content = bytearray((bundle.path / "policy.onnx").read_bytes())
    content[100] ^= 1
    (bundle.path / "policy.onnx").write_bytes(bytes(content))
    with pytest.raises(BundleError, match="DX-BND-007"):
        load(bundle)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robot": "g1"}, "DX-BND-012"),
        ({"joint_names": list(reversed(CONTRACT.joint_names))}, "DX-BND-013"),
        ({"views": list(reversed(CONTRACT.views))}, "DX-BND-014"),
        ({"contract_hash": "0" * 64}, "DX-BND-015"),
        ({"requires": {"onnxruntime": ">=99"}}, "DX-BND-019"),
    ],
)
def test_bundle_of_something_else_is_refused(tmp_path, changes, code):
    with pytest.raises(BundleError, match=code):
        load(hand_bundle.build(tmp_path / "bundle", **changes))


def test_graph_that_does_not_fit_its_manifest_is_refused(tmp_path):
    with pytest.raises(EngineError, match="DX-ENG-003"):
        load(hand_bundle.build(tmp_path / "bundle", token_dim=D + 1))


def test_precision_that_the_bundle_lacks_is_refused_and_names_what_there_is(bundle):
    with pytest.raises(BundleError, match=r"DX-BND-005.*policy\.int8\.onnx.*listed are"):
        load(bundle, EngineSettings(precision="int8"))


def test_mock_engine_needs_no_graphs_and_rests_in_the_middle(bundle):
    policy = load(bundle, EngineSettings(kind="mock"))
    policy.warm_up(20.0, 0.0, 0.2)
    middle = (CONTRACT.lower_rad + CONTRACT.upper_rad) / 2
    assert np.allclose(observe(policy, "anything").positions, middle, atol=1e-5)
    policy.close()


def test_golden_actions_that_agree_are_accepted(bundle, tmp_path):
    made = hand_bundle.build(tmp_path / "bundle", files={"golden.npz": golden(bundle)})
    policy = load(made)
    policy.warm_up(20.0, 0.0, 0.2)
    policy.close()


def test_golden_actions_that_differ_are_refused_with_joint_and_amount(bundle, tmp_path):
    made = hand_bundle.build(tmp_path / "bundle", files={"golden.npz": golden(bundle, shift=0.2)})
    policy = load(made)
    with pytest.raises(EngineError, match=r"DX-POL-022.*joint \w+ differs by \d\.\d+ rad, bound 0\.1 rad"):
        policy.warm_up(20.0, 0.0, 0.2)
    policy.close()


def test_policy_slower_than_its_prefix_allows_is_refused_with_the_bound(bundle, monkeypatch):
    policy = load(bundle)
    monkeypatch.setattr(policy, "_timed_run", lambda: 0.45)
    with pytest.raises(EngineError, match=r"DX-ENG-011.*need a prefix of 9 steps.*trained for 8"):
        policy.warm_up(20.0, 0.0, 0.2)
    policy.close()


def test_slower_policy_is_asked_less_often(bundle, monkeypatch):
    policy = load(bundle)
    monkeypatch.setattr(policy, "_timed_run", lambda: 0.1)
    assert policy.warm_up(20.0, 0.0, 0.2).replan_hz == pytest.approx(10.0)
    policy.close()
