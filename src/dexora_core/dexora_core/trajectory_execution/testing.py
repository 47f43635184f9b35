"""For tests of controllers and drivers: a three-joint group, fake hardware, short spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dexora_core.errors import HardwareError
from dexora_core.trajectory_execution.executor import TrajectoryExecutor
from dexora_core.trajectory_execution.hardware import FloatArray, JointSample
from dexora_core.trajectory_execution.request import GroupLimits, PointRequest, TrajectoryRequest
from dexora_core.trajectory_execution.state import ControllerState, ExecutionSettings

NAMES = ("a", "b", "c")
MS = 1_000_000
S = 1_000_000_000
START_NS = 5 * S
LIMITS = GroupLimits(
    NAMES,
    np.array([-1.0, -2.0, 0.0]),
    np.array([1.0, 2.0, 3.0]),
    np.array([1.0, 2.0, 2.0]),
    np.array([15.0, 15.0, 15.0]),
    np.array([400.0, 400.0, 400.0]),
)
HOME = np.array([0.0, 0.0, 1.0])


def point(
    time_s: float,
    positions: Sequence[float] | FloatArray,
    velocities: Sequence[float] | FloatArray = (),
    accelerations: Sequence[float] | FloatArray = (),
    effort: Sequence[float] = (),
) -> PointRequest:
    """Return a point due `time_s` seconds after the start; units as in `PointRequest`."""
    lists = (list(values) for values in (positions, velocities, accelerations, effort))
    return PointRequest(round(time_s * S), *lists)


def request(*points: PointRequest, names: Sequence[str] = NAMES, stamp_ns: int = 0) -> TrajectoryRequest:
    """Return a trajectory of some points."""
    return TrajectoryRequest(names, points, stamp_ns)


def sample_at(position: Sequence[float] | FloatArray, velocity: FloatArray | None = None) -> JointSample:
    """Return a sample at a position, shape (J,), rad; at rest by default."""
    zero = np.zeros(len(position))
    return JointSample(np.asarray(position, float), zero if velocity is None else velocity, zero, 0)


def make_executor(**settings: Any) -> TrajectoryExecutor:
    """Return an executor of the group at `HOME`, at `START_NS`, without a velocity bound at the end."""
    settings.setdefault("stopped_velocity_tolerance_rad_s", 0.0)
    return TrajectoryExecutor(LIMITS, ExecutionSettings(**settings), HOME, START_NS)


def play(
    executor: TrajectoryExecutor,
    from_s: float,
    to_s: float,
    measured: Sequence[float] | FloatArray | None = None,
    tick_ms: int = 10,
) -> list[ControllerState]:
    """Update every tick in (from_s, to_s], seconds after `START_NS`.

    Args:
        executor: What to drive.
        from_s: Begin [s].
        to_s: End [s].
        measured: Where the robot stays, shape (J,), rad; None lets it follow the set-point exactly.
        tick_ms: Period [ms].

    Returns:
        One state per tick.
    """
    states = []
    for now_ns in range(
        START_NS + round(from_s * S) + tick_ms * MS, START_NS + round(to_s * S) + 1, tick_ms * MS
    ):
        output = executor.output
        follow = sample_at(output.position, output.velocity) if measured is None else sample_at(measured)
        states.append(executor.update(now_ns, follow))
    return states


class FakeJoints:
    """Hardware that is at once where it is told to be, remembers what was written, and can stop answering.

    Args:
        joint_names: Names of the joints.
    """

    def __init__(self, joint_names: tuple[str, ...] = NAMES) -> None:
        self.joint_names = joint_names
        self.position = HOME.copy()
        self.writes: list[FloatArray] = []
        self.is_dead = False

    def read(self) -> JointSample:
        """Return where it is; `HardwareError` while it is dead."""
        if self.is_dead:
            raise HardwareError("no answer on the bus")
        return sample_at(self.position)

    def write(self, position: FloatArray) -> None:
        """Move to a position, shape (J,), rad."""
        self.writes.append(position)
        self.position = position
