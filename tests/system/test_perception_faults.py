"""Pins the cameras' rows of the fault matrix (1 to 3, 5 to 7) from the twin to the tokens.

A view that dies, freezes, goes black, changes its size or lags is absent from the tokens and reported with
its code; the encoder goes on with the other views, and the view comes back by itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from dexora_perception.preprocess import resize
from dexora_ros.buffers import image_view, token_view
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import to_ns
from diagnostic_msgs.msg import DiagnosticStatus

from dexora_msgs.msg import VisualTokens

from . import encoder_bundle
from .test_twin_faults import away, home
from .twin_client import CONTRACT, TwinClient, start_process

pytestmark = pytest.mark.system
VIEWS = CONTRACT.views
MOTION_RAD = 0.05
# Long enough for a loaded machine, short enough for a test.
MAX_AGE_S = 1.0


class Perception(TwinClient):
    """A twin with small pictures, a token encoder beside it, and what both say."""

    def __init__(self, directory):
        super().__init__(task="lift")
        self.encoder = start_process(
            "dexora_perception.token_encoder_node",
            bundle=str(encoder_bundle.make_bundle(directory / "bundle").path),
            use_sim_time=True,
            image_width=64,
            image_height=48,
            dtype="float32",
            max_age_s=MAX_AGE_S,
            frozen_motion_rad=MOTION_RAD,
        )
        self.tokens = []
        self.node.create_subscription(VisualTokens, "/dexora/perception/tokens", self.tokens.append, SENSOR)
        self.until(lambda: self.tokens, 60.0, "the first tokens")
        self.start_cpu_s = cpu_seconds(self.encoder.pid)

    def until_views(self, views, what):
        """Wait until three messages in a row hold exactly these views."""

        def is_so():
            return len(self.tokens) >= 3 and all(tuple(m.view_names) == views for m in self.tokens[-3:])

        self.until(is_so, 40.0, what)

    def until_reported(self, view, code):
        def is_so():
            status = self.diagnostics.get(f"dexora/perception: camera {view}")
            return status is not None and status.message.startswith(code)

        self.until(is_so, 20.0, f"the report {code} of {view}")
        assert self.diagnostics[f"dexora/perception: camera {view}"].level == DiagnosticStatus.WARN

    def close(self):
        self.encoder.send_signal(signal.SIGINT)
        try:
            code = self.encoder.wait(timeout=15.0)
        finally:
            self.encoder.kill()
            twin_code = super().close()
        return code, twin_code


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    started = Perception(tmp_path_factory.mktemp("perception"))
    yield started
    assert started.close() == (0, 0)


@pytest.fixture
def scene(running):
    running.calm_down()
    running.until_views(VIEWS, "all views are encoded")
    running.tokens.clear()
    return running


def cpu_seconds(pid):
    """Return the CPU time of a process so far: on a loaded machine it is shorter than the wall's."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def without(view):
    return tuple(name for name in VIEWS if name != view)


def inject(scene, fault, view, **options):
    answer = scene.inject(fault, view, **options)
    assert answer.success, answer.message
    scene.tokens.clear()


def end_faults(scene, view):
    scene.inject("", clear=True)
    scene.until_views(VIEWS, f"{view} comes back")


def test_tokens_are_those_of_the_pictures_that_the_stamps_name(scene):
    scene.pictures.clear()
    scene.until(lambda: matched(scene) is not None, 40.0, "tokens of pictures that were seen here too")
    message, pictures = matched(scene)
    squares = [resize(pictures[view], encoder_bundle.SIZE) for view in VIEWS]
    expected = encoder_bundle.expected_tokens(squares, range(len(VIEWS)))
    np.testing.assert_allclose(token_view(message), expected, atol=1e-3)
    assert message.encoder_id == encoder_bundle.ENCODER_ID
    assert to_ns(message.header.stamp) <= to_ns(message.encode_start) <= to_ns(message.encode_end)


def matched(scene):
    """Return tokens whose four pictures arrived here as well, with the pictures."""
    seen = {(view, to_ns(message.header.stamp)): message for view, message, _ in scene.pictures}
    for message in reversed(scene.tokens):
        names = [
            (view, to_ns(stamp)) for view, stamp in zip(message.view_names, message.view_stamps, strict=True)
        ]
        if len(names) == len(VIEWS) and all(name in seen for name in names):
            return message, {view: image_view(seen[view, stamp]) for view, stamp in names}
    return None


def test_one_message_shows_one_world(scene):
    scene.until(lambda: len(scene.tokens) >= 10, what="ten messages")
    bound_ns = CONTRACT.ages.camera_skew.no_chunk_s * 1e9
    for message in scene.tokens:
        stamps = [to_ns(stamp) for stamp in message.view_stamps]
        assert max(stamps) - min(stamps) <= bound_ns


@pytest.mark.parametrize(
    ("fault", "view", "value", "codes"),
    [
        ("camera_drop", "front", 0.0, ("DX-FRS-006", "DX-FRS-008")),
        ("camera_freeze", "wrist_left", 1.0, ("DX-FRS-006", "DX-FRS-008")),
        ("camera_black", "top", 0.0, ("DX-CAM-002",)),
        ("camera_black", "wrist_right", 1.0, ("DX-CAM-002",)),
        ("camera_size", "front", 2.0, ("DX-CAM-001",)),
        ("camera_delay", "wrist_left", 0.3, ("DX-FRS-008",)),
    ],
    ids=["1 dead", "3 frozen with its stamp", "6 black", "6 overexposed", "5 wrong size", "7 late"],
)
def test_broken_view_is_left_out_and_comes_back(scene, fault, view, value, codes):
    inject(scene, fault, view, value=value)
    scene.until_views(without(view), f"{view} is left out")
    scene.until_reported(view, codes)
    end_faults(scene, view)


def test_view_that_freezes_while_the_arms_move_is_left_out_and_comes_back(scene):
    inject(scene, "camera_freeze", "front")
    end_s, there = time.monotonic() + 60.0, False
    while len(scene.tokens) < 3 or any(tuple(m.view_names) != without("front") for m in scene.tokens[-3:]):
        assert time.monotonic() < end_s, "the frozen view was not left out"
        there = not there
        for arm in ("left_arm", "right_arm"):
            scene.send(arm, (0.6, away(arm) if there else home(arm)))
        scene.let_pass(0.8)
    scene.until_reported("front", "DX-FRS-020")
    end_faults(scene, "front")


def test_resting_world_is_not_frozen(scene):
    scene.let_pass(2.0)
    scene.until_views(VIEWS, "all views are encoded")
    scene.diagnostics.clear()
    names = [f"dexora/perception: camera {view}" for view in VIEWS]
    scene.until(lambda: all(name in scene.diagnostics for name in names), 20.0, "the reports")
    assert not [name for name in names if "DX-FRS-020" in scene.diagnostics[name].message]


def test_without_any_view_there_are_no_tokens_and_afterwards_there_are(scene):
    inject(scene, "camera_drop", "")
    scene.let_pass(MAX_AGE_S + 0.5)
    scene.tokens.clear()
    scene.let_pass(1.0)
    assert scene.tokens == []

    def is_reported():
        status = scene.diagnostics["dexora/perception: encoder"]
        return "DX-TOK-001" in status.message and status.level == DiagnosticStatus.ERROR

    scene.until(is_reported, 20.0, "the report")
    end_faults(scene, "every view")


def test_encoder_starts_soon_needs_little_memory_and_holds_no_torch(scene):
    assert scene.start_cpu_s < 10.0
    status = Path(f"/proc/{scene.encoder.pid}/status").read_text()
    resident_kib = int(status.split("VmRSS:")[1].split()[0])
    assert resident_kib < 1_000_000
    libraries = Path(f"/proc/{scene.encoder.pid}/maps").read_text()
    assert "libtorch" not in libraries
    assert "onnxruntime" in libraries


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [({"robot": "other"}, {}), ({"views": list(VIEWS[::-1])}, {}), ({}, {"encoder_id": "dino-b14"})],
    ids=["another robot", "another order of cameras", "another encoder"],
)
def test_bundle_that_does_not_fit_ends_the_process_with_an_error(tmp_path, changes, parameters):
    path = str(encoder_bundle.make_bundle(tmp_path / "bundle", **changes).path)
    process = start_process("dexora_perception.token_encoder_node", bundle=path, **parameters)
    try:
        assert process.wait(timeout=60.0) == 1
    except subprocess.TimeoutExpired:
        process.kill()
        raise
