"""Cameras: their rates, stamps that match the picture, physics that never waits, a process that dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np
import pytest
from dexora_sim.cameras import CameraRenderer, CameraSchedule
from dexora_sim.errors import RenderError
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.randomisation import Randomisation

MS = 1_000_000
VIEWS = ("top", "wrist_left", "wrist_right", "front")


@pytest.fixture(scope="module")
def cameras(contract):
    return [replace(camera, width=64, height=48, rate_hz=20.0) for camera in contract.cameras]


@pytest.fixture(scope="module")
def process(twins, cameras):
    """The camera process of one twin, shared: its start takes a second."""
    renderer = CameraRenderer(twins("reach").model, cameras)
    yield renderer
    renderer.close()


@pytest.fixture
def renderer(process, twins):
    """The shared process at the start of an episode, with nothing left over."""
    twins("reach").reset(0, randomisation=Randomisation.off())
    process.wait_idle()
    process.frames()
    for view in process.dropped:
        process.dropped[view] = 0
    return process


def test_schedule_gives_each_camera_its_own_rate(contract):
    fast, slow = replace(contract.cameras[0], rate_hz=50.0), replace(contract.cameras[1], rate_hz=20.0)
    schedule = CameraSchedule([fast, slow])
    due = [schedule.due(k * 2 * MS) for k in range(501)]
    assert sum(fast.view in views for views in due) == 51
    assert sum(slow.view in views for views in due) == 21


def test_schedule_late_camera_is_due_once_and_keeps_its_grid(contract):
    schedule = CameraSchedule([replace(contract.cameras[0], rate_hz=20.0)])
    times = [0, 180 * MS, 190 * MS, 200 * MS]
    assert [bool(schedule.due(time_ns)) for time_ns in times] == [True, True, False, True]


def test_schedule_starts_over_when_time_goes_back(contract):
    schedule = CameraSchedule(contract.cameras)
    schedule.due(0)
    assert schedule.due(10 * MS) == ()
    assert schedule.due(0) == contract.views


def test_pictures_carry_the_time_and_the_state_they_show(renderer, twins, cameras):
    twin = twins("reach")
    renderer.update(twin)
    shown = twin.snapshot()
    twin.set_targets(twin.targets() + 0.3)
    twin.step(10)
    renderer.update(twin)
    renderer.wait_idle()
    frames = {frame.view: frame for frame in renderer.frames()}
    assert tuple(frames) == VIEWS
    local = OffscreenRenderer(twin.model, cameras)
    expected = local.render(shown)
    local.close()
    for view, frame in frames.items():
        assert frame.stamp_ns == shown.stamp_ns
        assert frame.image.shape == (48, 64, 3)
        np.testing.assert_array_equal(frame.image, expected[view])


def test_pictures_show_something(renderer, twins):
    renderer.update(twins("reach"))
    renderer.wait_idle()
    for frame in renderer.frames():
        assert frame.image.std() > 10, frame.view


def test_busy_process_never_makes_physics_wait_and_the_newest_state_wins(renderer, twins):
    twin = twins("reach")
    renderer.update(twin)
    os.kill(renderer.pid, signal.SIGSTOP)
    try:
        for _ in range(60):
            twin.step(5)
            renderer.update(twin)  # would block here for good if it waited
        assert renderer.frames() == []
        assert min(renderer.dropped.values()) >= 10
    finally:
        os.kill(renderer.pid, signal.SIGCONT)
    renderer.wait_idle()
    assert {frame.stamp_ns for frame in renderer.frames()} == {600 * MS}


def test_world_can_see_how_far_behind_its_pictures_are(renderer, twins):
    twin = twins("reach")
    assert renderer.behind_ns(twin) == 0
    os.kill(renderer.pid, signal.SIGSTOP)
    try:
        renderer.update(twin)
        twin.step(20)
        assert renderer.behind_ns(twin) == 40 * MS
        twin.reset(2, randomisation=Randomisation.off())
        assert renderer.behind_ns(twin) == 0, "nothing of the last episode is shown any more"
    finally:
        os.kill(renderer.pid, signal.SIGCONT)
    renderer.wait_idle()
    assert renderer.behind_ns(twin) == 0


def test_no_picture_of_an_earlier_episode_comes_after_a_reset(renderer, twins):
    twin = twins("reach")
    renderer.update(twin)
    twin.reset(1, randomisation=Randomisation.off())
    twin.step(10)
    renderer.update(twin)
    renderer.wait_idle()
    assert {frame.stamp_ns for frame in renderer.frames()} == {20 * MS}


def test_looks_of_a_new_episode_arrive_with_its_first_picture(renderer, twins, cameras):
    twin = twins("reach")
    twin.reset(5, randomisation=Randomisation.train().but(light="ood", distractor="ood", camera="ood"))
    renderer.update(twin)
    renderer.wait_idle()
    local = OffscreenRenderer(twin.model, cameras)
    expected = local.render(twin.snapshot())
    local.close()
    for frame in renderer.frames():
        np.testing.assert_array_equal(frame.image, expected[frame.view])


def test_dead_process_is_reported_with_its_code(twins, cameras):
    renderer = CameraRenderer(twins("reach").model, cameras[:1])
    twins("reach").reset(0)
    renderer.update(twins("reach"))
    os.kill(renderer.pid, signal.SIGKILL)
    with pytest.raises(RenderError, match=r"ended with code -9.*Restart the twin"):
        renderer.wait_idle()
    renderer.close()


def test_closing_ends_the_process_and_may_be_repeated(twins, cameras):
    renderer = CameraRenderer(twins("reach").model, cameras[:1])
    renderer.close()
    renderer.close()
    with pytest.raises(ProcessLookupError):
        os.kill(renderer.pid, 0)


def test_unknown_camera_lists_the_ones_of_the_model(twins, cameras):
    with pytest.raises(RenderError, match=r"no camera 'rear'; it has .*front"):
        CameraRenderer(twins("reach").model, [replace(cameras[0], view="rear")])


def test_unknown_view_is_refused_when_drawn(twins, cameras):
    local = OffscreenRenderer(twins("reach").model, cameras[:1])
    with pytest.raises(RenderError, match="view 'rear' is unknown; there are top"):
        local.draw("rear")
    local.close()


@pytest.mark.parametrize("sent", [b"", b"\x00\x00\x10\x00 half a message"])
def test_drawing_process_ends_quietly_when_its_parent_goes_at_the_start(cameras, sent):
    ours, theirs = socket.socketpair()
    memory_fd = os.memfd_create("test")
    os.ftruncate(memory_fd, 4096)
    arguments = [str(theirs.fileno()), str(memory_fd), "4096"]
    command = [sys.executable, "-m", "dexora_sim.camera_worker", *arguments]
    process = subprocess.Popen(command, pass_fds=(theirs.fileno(), memory_fd), stderr=subprocess.PIPE)
    theirs.close()
    os.close(memory_fd)
    Connection(os.dup(ours.fileno())).send(tuple(cameras))
    ours.sendall(sent)
    ours.close()
    assert process.communicate(timeout=30.0)[1] == b""
    assert process.returncode == 0


def test_closing_one_renderer_leaves_the_others_drawing(twins, cameras):
    twin = twins("reach")
    first, second = (OffscreenRenderer(twin.model, cameras[:1]) for _ in range(2))
    try:
        before = second.render(twin.snapshot())
        first.close()
        after = second.render(twin.snapshot())
    finally:
        second.close()
    for view, picture in before.items():
        assert picture.std() > 5.0
        assert np.array_equal(picture, after[view])
