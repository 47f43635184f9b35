"""Rates, prefixes and falling back: what a latency allows, and a refusal where it allows nothing."""

import logging
import sys

import pytest
from dexora_engines.mock_backend import MockBackend

from dexora_engines import (
    Engine,
    EngineError,
    MockScript,
    MockStep,
    TensorSpec,
    fall_back,
    open_engine,
    rate_plan,
)

SPECS = {"x": TensorSpec((1,), "float32")}
BUNDLE = {"horizon": 16, "step_dt_s": 0.05, "max_prefix_steps": 4}


def refused(action, *words):
    with pytest.raises(EngineError) as caught:
        action()
    assert caught.value.code == "DX-ENG-011", str(caught.value)
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(("latency_s", "prefix"), [(0.001, 1), (0.05, 1), (0.0501, 2), (0.15, 3), (0.2, 4)])
def test_prefix_covers_the_latency(latency_s, prefix):
    plan = rate_plan(latency_s, **BUNDLE)
    assert plan.prefix_steps == prefix
    assert plan.replan_hz == pytest.approx(1.0 / latency_s)
    assert plan.slack_s == pytest.approx(0.8 - 2 * latency_s)


def test_no_more_often_than_wanted():
    plan = rate_plan(0.02, **BUNDLE, wanted_hz=20.0)
    assert (plan.replan_hz, plan.slack_s) == (20.0, pytest.approx(0.8 - 0.05 - 0.02))


def test_prefix_beyond_training_is_refused():
    refused(
        lambda: rate_plan(0.21, **BUNDLE), "210 ms (p99) need a prefix of 5 steps of 50 ms", "trained for 4"
    )


def test_chunk_that_would_run_out_is_refused():
    long_prefix = BUNDLE | {"max_prefix_steps": 15}
    rate_plan(0.4, **long_prefix)
    refused(lambda: rate_plan(0.41, **long_prefix), "a chunk lasts 800 ms", "leaves -20, bound 0")
    refused(lambda: rate_plan(0.1, **BUNDLE, wanted_hz=2.0, reserve_s=0.25), "leaves 200, bound 250")


@pytest.mark.parametrize("latency_s", [0.0, -1.0, float("nan"), float("inf")])
def test_senseless_latency_is_refused(latency_s):
    refused(lambda: rate_plan(latency_s, **BUNDLE), "must be above 0")


def timed(latency_s, *steps):
    """A mock whose every run takes `latency_s` on its clock."""
    now_ns = [0]

    def sleep(duration_s):
        now_ns[0] += round(1e9 * duration_s)

    script = MockScript(SPECS, SPECS, steps or (MockStep(delay_s=latency_s),))
    return Engine(MockBackend(script, sleep), "fp32", clock_ns=lambda: now_ns[0])


def test_falling_back_measures_again_plans_again_and_says_so(caplog):
    failed, slower = timed(0.01), timed(0.12)
    with caplog.at_level(logging.WARNING):
        found = fall_back(failed, lambda: slower, lambda p99_s: rate_plan(p99_s, **BUNDLE), overhead_s=0.01)
    assert (found.engine, found.plan.prefix_steps) == (slower, 3)
    assert found.latency.p99_s == pytest.approx(0.12)
    assert (failed.is_open, slower.is_open) == (False, True)
    assert (
        "fell back from mock to mock (none): 120.0 ms p99, replanning at 7.7 Hz with a prefix of 3"
        in caplog.text
    )


def test_too_slow_replacement_is_closed_and_refused():
    failed, slower = timed(0.01), timed(0.3)
    refused(
        lambda: fall_back(failed, lambda: slower, lambda p99_s: rate_plan(p99_s, **BUNDLE)), "300 ms (p99)"
    )
    assert (failed.is_open, slower.is_open) == (False, False)


def test_replacement_that_fails_is_closed():
    broken = timed(0.0, MockStep(error="device lost"))
    with pytest.raises(EngineError, match="DX-ENG-007"):
        fall_back(timed(0.01), lambda: broken, lambda p99_s: rate_plan(p99_s, **BUNDLE))
    assert not broken.is_open


def test_nothing_falls_back_by_itself(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError) as caught:
        open_engine("tensorrt", tmp_path / "policy.onnx", precision="int8")
    assert caught.value.code == "DX-ENG-002"
