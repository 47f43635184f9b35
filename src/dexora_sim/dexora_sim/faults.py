"""Faults on the twin's seams: what passes through a seam passes through the faults that are active there.

A fault is an object that changes what passes through one seam; see docs/how-to/add_a_fault.md. The
loop of the twin knows the seams, never the faults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dexora_core.errors import ConfigError
from dexora_core.trajectory_execution import FloatArray

from dexora_sim.cameras import Frame


@dataclass(frozen=True)
class JointReport:
    """Joint states as they are about to be published; arrays of shape (J,) in the order of `names`.

    Attributes:
        names: Joint names.
        position: rad.
        velocity: rad/s.
        effort: N m.
        stamp_ns: When the state was true [ns].
    """

    names: tuple[str, ...]
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray
    stamp_ns: int


class Fault:
    """Changes nothing; a hook overrides the seam that it disturbs."""

    def frames(self, frames: Sequence[Frame], now_ns: int) -> list[Frame]:
        """Pictures on their way to the image topics."""
        return list(frames)

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Joint states on their way to the topic; None publishes nothing."""
        return report

    def targets(self, targets: FloatArray, position: FloatArray, now_ns: int) -> FloatArray:
        """Targets, shape (J,), rad, on their way to the motors; `position` is where the joints are."""
        return targets

    def groups(self, groups: tuple[str, ...]) -> tuple[str, ...]:
        """Groups whose driver answers in this tick."""
        return groups

    def is_paused(self, wall_ns: int) -> bool:
        """Whether the world stands still, and /clock with it."""
        return False


@dataclass(frozen=True)
class FaultWorld:
    """What a fault may aim at.

    Attributes:
        views: Camera views.
        joints: Joint names in contract order.
        groups: Joint indices of each group.
    """

    views: tuple[str, ...]
    joints: tuple[str, ...]
    groups: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class FaultRequest:
    """A fault to start.

    Attributes:
        fault: Name of the hook.
        target: View, joint or group; views may be joined by "+"; empty where the hook allows it.
        value: Meaning and unit depend on the hook; 0 takes the hook's default.
        start_s: Delay [s of simulated time].
        duration_s: How long [s of simulated time]; 0 until cleared.
    """

    fault: str
    target: str = ""
    value: float = 0.0
    start_s: float = 0.0
    duration_s: float = 0.0

    @classmethod
    def parse(cls, text: str, start_s: float = 0.0) -> FaultRequest:
        """Read `name[:target[:value]]`, the form of the launch argument.

        Args:
            text: What the user wrote.
            start_s: Delay [s].

        Raises:
            ConfigError: Too many parts, or a value that is no number.
        """
        parts = text.strip().split(":")
        if len(parts) > 3:
            raise ConfigError(f"fault {text!r} has {len(parts)} parts; write name[:target[:value]]")
        name, target, value = (*parts, "", "")[:3]
        try:
            return cls(name, target, float(value or 0.0), start_s)
        except ValueError as error:
            raise ConfigError(
                f"value {value!r} of fault {text!r} is no number; write name[:target[:value]]"
            ) from error


@dataclass(frozen=True)
class FaultHook:
    """A kind of fault that can be injected.

    Attributes:
        name: What users type.
        target: Kind of target: "view", "joint", "group" or "".
        needs_target: Whether the target may not be empty; where it may, empty means all.
        default: Value that 0 stands for.
        bounds: Smallest and largest value.
        value: Meaning and unit of the value, or "".
        is_whole: Whether the value must be a whole number.
        summary: What it does, one sentence.
        make: Builds the fault from the request with value filled in, the targets, and the world.
    """

    name: str
    target: str
    summary: str
    make: Callable[[FaultRequest, tuple[str, ...], FaultWorld], Fault]
    needs_target: bool = False
    value: str = ""
    default: float = 0.0
    bounds: tuple[float, float] = (0.0, 0.0)
    is_whole: bool = False
