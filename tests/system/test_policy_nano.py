"""Pins that a bundle of the exporter drives the twin: torch model, ONNX graphs, real tokenizer, all nodes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from dexora_core.bundle import load_bundle

from dexora_msgs.action import RunPolicy

from .policy_robot import ARMS, ATTEMPTS, PolicyRobot
from .test_policy_graph import rate_hz

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Built in a process of its own, so that this one needs no torch."""
    pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("nano") / "bundle"
    command = [sys.executable, "-m", "dexora_train.nano_bundle", "--preset", "nano", "--out", str(path)]
    subprocess.run(command, check=True, timeout=250)
    return load_bundle(path)


def test_exported_bundle_drives_the_twin(bundle):
    robot = PolicyRobot(bundle.path, twin={"task": "none"})  # its actions lie around home
    try:
        for _ in range(ATTEMPTS):
            robot.ready()
            begin = robot.position()
            _, future = robot.run(bundle.manifest.language.known_instructions[0], timeout_s=4.0)
            result = robot.result(future)
            if result.outcome == RunPolicy.Result.TIMED_OUT:  # else a busy machine let the motion run out
                break
        assert (result.outcome, result.code) == (RunPolicy.Result.TIMED_OUT, ""), result.reason
        assert 8.0 < rate_hz(robot.chunks) < 26.0
        assert 85.0 < rate_hz(robot.commands) < 130.0, "one per tick of the twin"
        moved = np.abs(robot.position() - begin)[ARMS].max()
        assert 0.005 < moved < 1.0, "random weights around home move the arms a little"
        assert robot.chunks[-1].policy_id == bundle.bundle_id
        assert max(chunk.prefix_steps for chunk in robot.chunks) >= 1
        assert robot.resident_mb("policy") < 1000
    finally:
        robot.close()
