"""What travels through the gate: the request, the step it becomes, and the verdict that comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from dexora_core.faults import Fault
from dexora_core.motion.limits import BoolArray, FloatArray
from dexora_core.motion.masks import some


@dataclass(frozen=True, slots=True)
class Clearance:
    """Result of the collision check that runs beside the tick.

    Attributes:
        stamp_ns: When it was evaluated [ns].
        distance_m: Smallest distance where the robot is [m].
        ahead_m: Smallest distance on the way ahead [m]; when the way leads apart, that at the end of it.
        pair: The two bodies concerned.
        slow_m: Distance below which they slow the robot [m].
        stop_m: Distance below which they stop it, unless the way leads apart [m].
    """

    stamp_ns: int
    distance_m: float
    ahead_m: float
    pair: str
    slow_m: float = 0.02
    stop_m: float = 0.01


@dataclass(frozen=True, slots=True)
class GateRequest:
    """What is asked of the gate in one tick. Every array may hold anything of any shape.

    Attributes:
        position: Joint positions wanted `lookahead_s` from now [rad]; None asks for a stop.
        velocity: Velocities wanted there [rad/s]; None is zero.
        acceleration: Accelerations wanted there [rad/s2]; None is zero.
        names: Names of the columns; None means the contract's order.
        stop: Joints that shall come to rest, in the contract's order, shape (J,); None is no joint.
        speed_scale: Fraction of the velocity limits that may be used; below 0.01 the robot stops.
        measured: Measured positions in the contract's order [rad]; None when there are none.
        clearance: Newest result of the collision check; None when it is not used.
    """

    position: FloatArray | None
    velocity: FloatArray | None = None
    acceleration: FloatArray | None = None
    names: tuple[str, ...] | None = None
    stop: BoolArray | None = None
    speed_scale: float = 1.0
    measured: FloatArray | None = None
    clearance: Clearance | None = None


@dataclass(slots=True)
class Step:
    """One request on its way inwards; stages change it.

    Attributes:
        now_ns: The present.
        request: What was asked.
        wanted: Position, velocity and acceleration asked for: shape (3, J) when the sizes fit, else a list
            of whatever came, flat; None when a stop is asked for.
        state: Commanded position, velocity and acceleration now, shape (3, J).
        goal: State wanted at the end of the lookahead, shape (3, J); valid after the order stage.
        stop: Joints that shall come to rest, shape (J,).
        speed_scale: Allowed fraction of the velocity limits.
        bounds: Largest values on the direct way to the goal in units of the limits, set by the jerk stage.
        acted: Joints on which a stage acted, by the stage's name.
        faults: What the stages have to say.
    """

    now_ns: int
    request: GateRequest
    wanted: FloatArray | list[FloatArray] | None
    state: FloatArray
    goal: FloatArray
    stop: BoolArray
    speed_scale: float
    bounds: FloatArray | None = None
    acted: dict[str, BoolArray] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def halt(self, fault: Fault | None = None) -> None:
        """Stop all joints, and say why."""
        self.stop[:] = True
        if fault is not None:
            self.faults.append(fault)

    def mark(self, stage: str, joints: BoolArray) -> None:
        """Record that `stage` acted on `joints` (J,), if on any."""
        if some(joints):
            before = self.acted.get(stage)
            self.acted[stage] = joints if before is None else before | joints


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided in one tick.

    Attributes:
        state: Commanded position, velocity and acceleration now, shape (3, J) [rad, rad/s, rad/s2].
        passed: Joints that take over the goal exactly, shape (J,).
        stopped: Joints that come to rest, or rest, because they must, shape (J,).
        kept: Joints whose old plan goes on, because nothing better fits, shape (J,).
        acted: Joints on which a stage acted, by the stage's name.
        faults: Faults raised by the stages.
        speed_scale: Fraction of the velocity limits that was allowed.
    """

    state: FloatArray
    passed: BoolArray
    stopped: BoolArray
    kept: BoolArray
    acted: dict[str, BoolArray]
    faults: tuple[Fault, ...]
    speed_scale: float


class Stage(Protocol):
    """A rule of the gate: changes the step and hands it to the stage it is wrapped around."""

    def __call__(self, step: Step) -> Verdict:
        """Return the verdict of the stages inside."""


def wanted_rows(request: GateRequest, count: int) -> FloatArray | list[FloatArray] | None:
    """Return position, velocity and acceleration of a request, see `Step.wanted`; `count` is J."""
    if request.position is None:
        return None
    given = (request.position, request.velocity, request.acceleration)
    if _is_row(given[0], count) and _is_row(given[1], count) and _is_row(given[2], count):
        return np.array(given)
    rows = [_floats(row, count) for row in given]
    return np.array(rows) if all(row.size == count for row in rows) else rows


def _is_row(values: FloatArray | None, count: int) -> bool:
    return type(values) is np.ndarray and values.shape == (count,) and values.dtype == np.float64


def _floats(values: FloatArray | None, count: int) -> FloatArray:
    if values is None:
        return np.zeros(count)
    return np.asarray(values, dtype=np.float64).reshape(-1)
