"""Between the messages around the command path and the values of `dexora_core`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np
from dexora_core.chunk import ChunkStamps, RawChunk
from dexora_core.clock import NS_PER_S
from dexora_core.failsafe import SafetyStatus
from dexora_core.faults import Fault as ActiveFault
from dexora_core.motion.limits import FloatArray
from dexora_core.path_status import PathStatus
from dexora_core.trajectory import Points
from numpy.typing import NDArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexora_msgs.msg import ActionChunk, CommandStatus, Fault, SafetyState

from .stamps import set_stamp, to_ns

TimeMap = Callable[[int], int]
"""Takes a time on one clock to another [ns]."""


def to_raw_chunk(message: ActionChunk, to_path: TimeMap) -> RawChunk:
    """Return a chunk message as the command path takes it; nothing is checked.

    Args:
        message: What came in.
        to_path: Takes stamps to the clock of the command path; zero stays zero.
    """

    def link(stamp: object) -> int:
        stamp_ns = to_ns(stamp)
        return to_path(stamp_ns) if stamp_ns else 0

    stamps = ChunkStamps(
        link(message.oldest_camera_stamp),
        link(message.token_stamp),
        link(message.joint_state_stamp),
        link(message.inference_start),
        link(message.inference_end),
    )
    return RawChunk(
        message.source,
        message.sequence,
        message.epoch,
        to_path(to_ns(message.header.stamp)),
        message.step_dt,
        message.horizon,
        message.joint_names,
        np.asarray(message.positions, dtype=np.float32),
        message.prefix_steps,
        message.policy_id,
        message.instruction,
        stamps,
    )


class TrajectoryFiller:
    """Fills one `JointTrajectory` again and again, without making new points.

    Args:
        joint_names: Names of the columns.
    """

    def __init__(self, joint_names: Sequence[str]) -> None:
        self.message = JointTrajectory(joint_names=list(joint_names))
        self._points: list[JointTrajectoryPoint] = []

    def fill(self, points: Points, stamp_ns: int) -> JointTrajectory:
        """Write a trajectory.

        Args:
            points: Its points.
            stamp_ns: When it starts [ns].

        Returns:
            The message, valid until the next call.
        """
        count = len(points)
        while len(self._points) < count:
            self._points.append(JointTrajectoryPoint())
        for index in range(count):
            point = self._points[index]
            point.positions = array("d", points.position[index].tobytes())
            point.velocities = array("d", points.velocity[index].tobytes())
            point.accelerations = array("d", points.acceleration[index].tobytes())
            due_ns = round(points.times_s[index] * NS_PER_S)
            point.time_from_start.sec, point.time_from_start.nanosec = divmod(due_ns, NS_PER_S)
        self.message.points = self._points[:count]
        set_stamp(self.message.header.stamp, stamp_ns)
        return self.message


def fill_positions(message: JointTrajectory, steps: FloatArray, step_ns: int, stamp_ns: int) -> None:
    """Write a path of positions into a message whose joint names are set.

    Args:
        message: The message to reuse.
        steps: Shape (n, J) [rad].
        step_ns: Time between two steps [ns].
        stamp_ns: Time of the first one [ns].
    """
    points = []
    for index, row in enumerate(steps):
        point = JointTrajectoryPoint(positions=array("d", row))
        point.time_from_start.sec, point.time_from_start.nanosec = divmod(index * step_ns, NS_PER_S)
        points.append(point)
    message.points = points
    set_stamp(message.header.stamp, stamp_ns)


def fill_safety(message: SafetyState, status: SafetyStatus, to_ros: TimeMap) -> None:
    """Write what is allowed and why; stamp, owner and motion are the caller's.

    Args:
        message: The message to reuse.
        status: The stop ladder's answer.
        to_ros: Takes times of the command path to those of messages.
    """
    message.level = int(status.level)
    message.latched = status.latched
    message.speed_scale = float(status.speed_scale)
    message.summary = status.summary
    message.faults = [_fault(fault, to_ros) for fault in status.faults]


def fill_path_status(message: CommandStatus, status: PathStatus, groups: Sequence[NDArray[np.intp]]) -> None:
    """Write how the path is doing; what the loop knows is the caller's.

    Args:
        message: The message to reuse; `group_names` are set.
        status: The path's own account.
        groups: Joint indices of the groups, in the order of `group_names`.
    """
    message.source = status.source
    message.chunk_sequence = status.chunk_sequence
    message.strategy = status.strategy
    message.buffered_horizon = status.buffered_s
    message.ticks = status.ticks
    message.chunks_accepted = status.accepted
    message.discard_reasons = list(status.discards)
    message.discard_counts = array("Q", status.discards.values())
    message.clamp_stages = list(status.clamps)
    message.clamp_counts = array("Q", status.clamps.values())
    message.committed_steps = status.committed_steps
    message.measured_delay = status.delay_s
    if status.splice is not None:
        jumps = status.splice.position_jump, status.splice.velocity_jump
        message.splice_position_jump, message.splice_velocity_jump = (
            array("f", [float(jump[index].max()) for index in groups]) for jump in jumps
        )


def _fault(fault: ActiveFault, to_ros: TimeMap) -> Fault:
    message = Fault(
        code=fault.code,
        subject=fault.subject,
        sentence=fault.sentence,
        remedy=fault.spec.remedy,
        level=int(fault.level),
        latched=fault.spec.latched,
    )
    set_stamp(message.since, max(to_ros(fault.since_ns), 0))
    return message
