"""One observation to one chunk: inputs by name, prefix kept, limits kept, NaN and far results refused."""

import numpy as np
import pytest
from dexora_core.errors import EngineError
from dexora_policy.policy_runner import REFUSED_RAD, Observation, PolicyRunner
from dexora_policy.sampling import Prefix, sample
from dexora_policy.solvers import OneGraph, StepLoop
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from policy_cases import CONTRACT, HOME, LIMITS, H, J, language, manifest, tokens

MANIFEST = manifest()
STATISTICS = MANIFEST.statistics


def runner(graph, of=MANIFEST):
    return PolicyRunner(of, LIMITS, OneGraph(graph))


def observe(prefix=0):
    return Observation(tokens(), HOME, language(), HOME + np.zeros((prefix, J)) if prefix else np.zeros(0))


def returning(positions_rad):
    normalised = STATISTICS.normalise_action(np.broadcast_to(positions_rad, (1, H, J)))
    return lambda _inputs: {"actions": normalised}


def test_inputs_are_normalised_masked_and_of_the_types_of_the_graph():
    inputs = runner(None).inputs(observe(prefix=2))
    types = {name: (array.dtype.name, array.shape[0]) for name, array in inputs.items()}
    assert types == {
        "tokens": ("float32", 1),
        "view_mask": ("bool", 1),
        "language": ("float32", 1),
        "language_mask": ("bool", 1),
        "state": ("float32", 1),
        "state_mask": ("bool", 1),
        "prefix": ("float32", 1),
        "prefix_mask": ("bool", 1),
        "noise": ("float32", 1),
    }
    assert np.allclose(inputs["state"], STATISTICS.normalise_state(HOME))
    assert inputs["prefix_mask"][0].tolist() == [True] * 2 + [False] * (H - 2)
    assert np.allclose(inputs["prefix"][0, :2], STATISTICS.normalise_action(HOME))
    assert not inputs["prefix"][0, 2:].any()
    assert not inputs["noise"].any(), "mip is deterministic"


def test_noise_is_drawn_for_heads_that_start_from_it():
    inputs = runner(None, manifest(head="flow")).inputs(observe())
    assert 0.8 < inputs["noise"].std() < 1.2


def test_noise_is_as_large_as_the_bundle_says():
    whole, less = (
        runner(None, manifest(head="flow", noise_scale=scale)).inputs(observe())["noise"]
        for scale in (1.0, 0.25)
    )
    assert np.allclose(less, 0.25 * whole)


def test_prefix_beyond_what_was_trained_is_cut():
    inputs = runner(None).inputs(observe(prefix=H))
    assert inputs["prefix_mask"].sum() == MANIFEST.max_prefix_steps


def test_actions_come_back_in_rad_with_the_stages_timed():
    found = runner(returning(HOME)).run(observe())
    assert np.allclose(found.positions, HOME, atol=1e-6)
    assert found.clamped == 0
    assert list(found.durations_s) == ["prepare", "policy", "denormalise"]


def test_committed_steps_are_returned_as_they_will_be_commanded():
    found = runner(returning(HOME + 0.1)).run(observe(prefix=3))
    assert np.array_equal(found.positions[:3], np.broadcast_to(HOME, (3, J)).astype(np.float32))
    assert not np.allclose(found.positions[3], HOME)


def test_result_slightly_outside_is_held_inside_and_counted():
    found = runner(returning(CONTRACT.upper_rad + REFUSED_RAD / 2)).run(observe())
    assert (found.positions <= CONTRACT.upper_rad).all()
    assert found.clamped == H * J


def test_result_far_outside_is_refused_with_joint_and_amount():
    wanted = HOME.copy()
    wanted[7] = CONTRACT.upper_rad[7] + 0.2
    fault = runner(returning(wanted)).run(observe())
    assert fault.code == "DX-POL-012"
    assert f"joint {CONTRACT.joint_names[7]} 0.2 rad outside its limits, bound 0.087 rad" in fault.sentence


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_result_that_is_not_finite_is_refused_with_step_and_joint(bad):
    actions = np.zeros((1, H, J), np.float32)
    actions[0, 4, 5] = bad
    fault = runner(lambda _inputs: {"actions": actions}).run(observe())
    assert fault.code == "DX-POL-011"
    assert f"step 4, joint {CONTRACT.joint_names[5]}" in fault.sentence


def test_result_of_another_shape_is_an_error_of_the_engine():
    with pytest.raises(EngineError, match=r"shape \(1, 3, 2\), the bundle says"):
        runner(lambda _inputs: {"actions": np.zeros((1, 3, 2), np.float32)}).run(observe())


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, (1, H, J), elements=st.floats(width=32, allow_nan=True)), st.integers(0, 8))
def test_whatever_the_graph_returns_nothing_unsafe_leaves(actions, prefix):
    found = runner(lambda _inputs: {"actions": actions}).run(observe(prefix))
    if hasattr(found, "positions"):
        assert np.isfinite(found.positions).all()
        as_received = found.positions.astype(np.float64)
        assert (as_received >= CONTRACT.lower_rad).all()
        assert (as_received <= CONTRACT.upper_rad).all()
    else:
        assert found.code in {"DX-POL-011", "DX-POL-012"}


CLEAN = np.linspace(-0.8, 0.8, H * J, dtype=np.float32).reshape(1, H, J)
NOISE = np.random.default_rng(1).standard_normal((1, H, J)).astype(np.float32)
NOTHING = Prefix(np.zeros((1, H, J), np.float32), np.zeros((1, H), bool))


def perfect_flow(noisy, times):
    """A network that knows the answer: e - a at any point of the straight path."""
    return (noisy - CLEAN) / np.maximum(times[..., None], 1e-6)


@pytest.mark.parametrize("steps", [1, 2, 5, 10])
def test_flow_finds_what_a_perfect_network_knows(steps):
    assert np.allclose(sample("flow", steps, perfect_flow, NOISE, NOTHING), CLEAN, atol=1e-5)


def test_mip_asks_twice_and_ignores_noise():
    asked = []

    def predict(noisy, times):
        asked.append((float(noisy.max()), float(times[0, -1])))
        return CLEAN

    assert np.allclose(sample("mip", 2, predict, NOISE, NOTHING), CLEAN)
    assert asked == [(0.0, 0.0), (pytest.approx(0.8), pytest.approx(0.9))]


@pytest.mark.parametrize("head", ["flow", "sample", "v", "epsilon", "mip"])
def test_prefix_is_clean_whenever_the_network_is_asked_and_kept(head):
    mask = (np.arange(H) < 4)[None]
    prefix = Prefix(np.full((1, H, J), 0.25, np.float32), mask)
    clean_time = 1.0 if head in {"mip", "sample"} else 0.0

    def predict(noisy, times):
        assert (noisy[0, :4] == 0.25).all()
        assert (times[0, :4] == clean_time).all()
        assert (times[0, 4:] != clean_time).all()
        return np.zeros_like(noisy)

    result = sample(head, 2, predict, NOISE, prefix)
    assert (result[0, :4] == 0.25).all()
    assert result.dtype == np.float32


def test_two_graphs_give_what_one_would_and_the_context_runs_once():
    contexts = []

    def context(inputs):
        contexts.append(set(inputs))
        return {"keys": 1, "values": 2, "context_mask": 3}

    def step(inputs):
        assert [inputs[name] for name in ("keys", "values", "context_mask")] == [1, 2, 3]
        return {"prediction": perfect_flow(inputs["noisy"], inputs["times"])}

    of = manifest(head="flow", steps=5, schedule=[1.0, 0.8, 0.6, 0.4, 0.2])
    found = PolicyRunner(of, LIMITS, StepLoop(context, step, "flow", 5)).run(observe())
    assert np.allclose(found.positions, STATISTICS.denormalise_action(CLEAN[0]), atol=1e-4)
    assert contexts == [{"tokens", "view_mask", "language", "language_mask", "state", "state_mask"}]
    assert [f"step_{k}" for k in range(1, 6)] == [n for n in found.durations_s if n.startswith("step")]
