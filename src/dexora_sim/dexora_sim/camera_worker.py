"""The process that draws the twin's cameras: `python -m dexora_sim.camera_worker`.

It is told what to draw over a connection, one request at a time, and writes pictures into memory shared with
its parent. It ends when its parent closes the connection or dies.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import mujoco
import numpy as np
from dexora_core.contract import CameraSpec
from numpy.typing import NDArray

from dexora_sim.errors import RenderError
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.snapshot import Looks, Snapshot

NICENESS = 5
"""Physics goes first on a machine with few cores. As a batch process the worker also does not push its parent
off the processor when a request wakes it; without that, handing a state over took milliseconds."""


@dataclass(frozen=True)
class DrawRequest:
    """What the parent asks for.

    Attributes:
        stamp_ns: Simulated time of the state in ns.
        qpos: Generalised positions, shape (nq,).
        views: Names of the views to draw.
        looks: Looks to take over first, or None when they have not changed.
    """

    stamp_ns: int
    qpos: NDArray[np.float64]
    views: tuple[str, ...]
    looks: Looks | None


def picture_slots(memory: mmap.mmap, cameras: Sequence[CameraSpec]) -> dict[str, NDArray[np.uint8]]:
    """Return one (height, width, 3) uint8 array per view inside the shared memory."""
    slots, offset = {}, 0
    for camera in cameras:
        shape = (camera.height, camera.width, 3)
        slots[camera.view] = np.ndarray(shape, np.uint8, memory, offset)
        offset += camera.height * camera.width * 3
    return slots


def memory_size(cameras: Sequence[CameraSpec]) -> int:
    """Return the bytes that one picture of every view takes, at least one."""
    return max(1, sum(camera.height * camera.width * 3 for camera in cameras))


def serve(connection: Connection, memory: mmap.mmap) -> None:
    """Answer draw requests until the parent hangs up.

    The first two messages are the cameras and the compiled model; the answer is "" or why it cannot draw.
    """
    cameras: tuple[CameraSpec, ...] = _heard(connection.recv)
    model = mujoco.MjModel.from_binary_path("twin.mjb", {"twin.mjb": _heard(connection.recv_bytes)})
    try:
        renderer = OffscreenRenderer(model, cameras)
    except RenderError as error:
        connection.send(error.message)
        return
    slots = picture_slots(memory, cameras)
    connection.send("")
    looks: Looks | None = None
    while True:
        request: DrawRequest = _heard(connection.recv)
        looks = request.looks or looks
        assert looks is not None, "the first request carries the looks"
        renderer.load(Snapshot(request.stamp_ns, request.qpos, looks))
        for view in request.views:
            renderer.draw(view, slots[view])
        connection.send(request.stamp_ns)


def _heard(receive: Callable[[], Any]) -> Any:
    """Return what was received; a parent that hangs up inside a message is like one that does so before."""
    try:
        return receive()
    except OSError as error:
        raise EOFError("the parent hung up") from error


def main() -> None:
    """Run the process; the arguments are the file numbers of the connection and of the shared memory."""
    connection_fd, memory_fd, size = (int(argument) for argument in sys.argv[1:4])
    os.nice(NICENESS)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        serve(Connection(connection_fd), mmap.mmap(memory_fd, size))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


if __name__ == "__main__":
    main()
