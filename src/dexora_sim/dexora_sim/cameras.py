"""The twin's cameras, drawn by another process at their own rates.

Physics hands over a copy of the joint positions and goes on; it never waits for a picture. One request is
under way at a time. While it is, only the newest state that a camera is due for is kept. A picture carries
the simulated time of the state that it shows.
"""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

import mujoco
import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.contract import CameraSpec
from numpy.typing import NDArray

from dexora_sim import gl
from dexora_sim.camera_worker import DrawRequest, memory_size, picture_slots
from dexora_sim.errors import RenderError
from dexora_sim.snapshot import Snapshot

START_TIMEOUT_S = 60.0


class World(Protocol):
    """What the cameras look at; `Twin` is one."""

    @property
    def time_ns(self) -> int:
        """Simulated time in ns."""

    @property
    def resets(self) -> int:
        """Number of resets so far; it is also the version of the looks."""

    def snapshot(self) -> Snapshot:
        """Return the present state, copied."""


@dataclass(frozen=True)
class Frame:
    """A picture of one view.

    Attributes:
        view: Name of the camera.
        stamp_ns: Simulated time of the state that the picture shows, in ns.
        image: RGB, (height, width, 3) uint8, owned by the receiver.
    """

    view: str
    stamp_ns: int
    image: NDArray[np.uint8]


class CameraSchedule:
    """Says which cameras are due; a camera that was late is due once, not several times."""

    def __init__(self, cameras: Sequence[CameraSpec]) -> None:
        self._period_ns = {camera.view: round(NS_PER_S / camera.rate_hz) for camera in cameras}
        self._next_ns = dict.fromkeys(self._period_ns, 0)
        self._last_ns = 0

    def due(self, now_ns: int) -> tuple[str, ...]:
        """Return the views whose time has come; a time that goes backwards starts over."""
        if now_ns < self._last_ns:
            self._next_ns = dict.fromkeys(self._period_ns, 0)
        self._last_ns = now_ns
        views = tuple(view for view, next_ns in self._next_ns.items() if now_ns >= next_ns)
        for view in views:
            period_ns = self._period_ns[view]
            self._next_ns[view] = (now_ns // period_ns + 1) * period_ns
        return views


class CameraRenderer:
    """Draws the cameras of a model in a process of its own.

    Args:
        model: Compiled model; it is copied into the process.
        cameras: Views with size and rate.

    Raises:
        RenderError: No OpenGL platform works or the model lacks a camera.
    """

    def __init__(self, model: mujoco.MjModel, cameras: Sequence[CameraSpec]) -> None:
        gl.choose()
        self._cameras = tuple(cameras)
        self._schedule = CameraSchedule(cameras)
        self._in_flight: DrawRequest | None = None
        self._waiting: tuple[Snapshot, tuple[str, ...]] | None = None
        self._sent_looks = -1
        self._episode = -1
        self._fresh: dict[str, Frame] = {}
        self.dropped = dict.fromkeys((camera.view for camera in cameras), 0)
        """Per view: pictures not drawn because the process was still busy with an older state."""
        self._connection, self._memory, self._process = _start(memory_size(self._cameras))
        self._slots = picture_slots(self._memory, self._cameras)
        self._hand_over(model)

    @property
    def pid(self) -> int:
        """Id of the drawing process."""
        return self._process.pid

    def update(self, world: World) -> None:
        """Take note of the present state if a camera is due. Never waits; call it after every physics batch.

        Raises:
            RenderError: The drawing process has died.
        """
        self._collect()
        if world.resets != self._episode:  # nothing of the last episode is shown any more
            self._episode = world.resets
            self._schedule = CameraSchedule(self._cameras)
            self._fresh.clear()
            self._waiting = None
        views = self._schedule.due(world.time_ns)
        if views:
            self._queue(world.snapshot(), views)
        if self._in_flight is None and self._waiting is not None:
            self._send(*self._waiting)
            self._waiting = None

    def behind_ns(self, world: World) -> int:
        """Return how long ago the state was that is being drawn [ns]; 0 when nothing of this episode is.

        Raises:
            RenderError: The drawing process has died.
        """
        self._collect()
        if self._in_flight is None or self._sent_looks != world.resets:
            return 0
        return world.time_ns - self._in_flight.stamp_ns

    def frames(self) -> list[Frame]:
        """Return the pictures finished since the last call, at most one per view, the newest.

        Raises:
            RenderError: The drawing process has died.
        """
        self._collect()
        fresh, self._fresh = list(self._fresh.values()), {}
        return fresh

    def wait_idle(self, timeout_s: float = 10.0) -> None:
        """Block until nothing is under way or waiting; for tests and for lock-step use.

        Raises:
            RenderError: It took longer than `timeout_s`, or the process has died.
        """
        while self._in_flight is not None or self._waiting is not None:
            if self._in_flight is not None and not self._connection.poll(timeout_s):
                raise RenderError(
                    f"the camera process did not answer within {timeout_s} s. Restart the twin."
                )
            self._collect()
            if self._in_flight is None and self._waiting is not None:
                self._send(*self._waiting)
                self._waiting = None

    def close(self) -> None:
        """End the process; safe to call twice."""
        if self._process.poll() is None:
            self._connection.close()
            try:
                self._process.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _hand_over(self, model: mujoco.MjModel) -> None:
        size = mujoco.mj_sizeModel(model)
        buffer = np.empty(size, np.uint8)
        mujoco.mj_saveModel(model, None, buffer)
        self._connection.send(self._cameras)
        self._connection.send_bytes(buffer.tobytes())
        if not self._connection.poll(START_TIMEOUT_S):
            self.close()
            raise RenderError(f"the camera process was not ready within {START_TIMEOUT_S:.0f} s.")
        reason = self._receive()
        if reason:
            self.close()
            raise RenderError(str(reason))

    def _queue(self, snapshot: Snapshot, views: tuple[str, ...]) -> None:
        if self._waiting is not None:
            for view in set(self._waiting[1]).intersection(views):
                self.dropped[view] += 1
            views = tuple(dict.fromkeys((*self._waiting[1], *views)))
        self._waiting = (snapshot, views)

    def _send(self, snapshot: Snapshot, views: tuple[str, ...]) -> None:
        looks = snapshot.looks if snapshot.looks.version != self._sent_looks else None
        self._sent_looks = snapshot.looks.version
        self._in_flight = DrawRequest(snapshot.stamp_ns, snapshot.qpos, views, looks)
        try:
            self._connection.send(self._in_flight)
        except (BrokenPipeError, ConnectionError) as error:
            raise self._death() from error

    def _collect(self) -> None:
        """Copy finished pictures out of the shared memory; those of an earlier episode are thrown away."""
        if self._in_flight is None or not self._connection.poll(0):
            return
        stamp_ns = self._receive()
        request, self._in_flight = self._in_flight, None
        if self._sent_looks != self._episode:
            return
        for view in request.views:
            self._fresh[view] = Frame(view, int(stamp_ns), self._slots[view].copy())

    def _receive(self) -> str | int:
        try:
            answer: str | int = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise self._death() from error
        return answer

    def _death(self) -> RenderError:
        self._process.wait(timeout=5.0)
        return RenderError(
            f"the camera process ended with code {self._process.returncode}; its last words are on the "
            "terminal. Restart the twin; if it happens again, check memory and the graphics driver."
        )


def _start(size: int) -> tuple[Connection, mmap.mmap, subprocess.Popen[bytes]]:
    """Start the process with a connection and `size` bytes of memory shared with it."""
    memory_fd = os.memfd_create("dexora_cameras")
    os.ftruncate(memory_fd, size)
    ours, theirs = socket.socketpair()
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    command = [sys.executable, "-m", "dexora_sim.camera_worker"]
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
        [*command, str(theirs.fileno()), str(memory_fd), str(size)],
        pass_fds=(theirs.fileno(), memory_fd),
        env=environment,
        start_new_session=True,  # Ctrl-C reaches the parent first, which then hangs up
    )
    theirs.close()
    memory = mmap.mmap(memory_fd, size)
    os.close(memory_fd)
    return Connection(ours.detach()), memory, process
