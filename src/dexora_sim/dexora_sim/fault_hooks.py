"""The fault hooks of the twin: one table, and one small class per disturbance of joints, motors and clock.

Numbers in brackets are rows of the fault matrix. Camera hooks are in `camera_faults`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.trajectory_execution import FloatArray

from dexora_sim.camera_faults import CAMERA_HOOKS
from dexora_sim.faults import Fault, FaultHook, FaultRequest, FaultWorld, JointReport

# What the bus of the real hands takes.
HAND_BUS_RATE_HZ = 6.7


class StateStale(Fault):
    """No joint states are published [8]."""

    def joint_report(self, report: JointReport | None) -> None:
        """Drop it."""
        return


class StateNan(Fault):
    """Positions and velocities of some joints are not numbers [9]."""

    def __init__(self, joints: Sequence[str]) -> None:
        self._joints = frozenset(joints)

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Corrupt it."""
        if report is None:
            return None
        hit = np.array([name in self._joints for name in report.names])
        position, velocity = (np.where(hit, np.nan, values) for values in (report.position, report.velocity))
        return replace(report, position=position, velocity=velocity)


class StateJump(Fault):
    """Positions of some joints are off by a step [11]."""

    def __init__(self, joints: Sequence[str], step_rad: float) -> None:
        self._joints = frozenset(joints)
        self._step_rad = step_rad

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Add the step."""
        if report is None:
            return None
        hit = np.array([name in self._joints for name in report.names])
        return replace(report, position=report.position + hit * self._step_rad)


class StateMissing(Fault):
    """Some joints are absent from the joint states [10]."""

    def __init__(self, joints: Sequence[str]) -> None:
        self._joints = frozenset(joints)

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Leave the joints out."""
        return report and _pick(
            report, [i for i, name in enumerate(report.names) if name not in self._joints]
        )


class StateReordered(Fault):
    """Joint states come in reverse order, names and values alike [10]."""

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Turn the order round."""
        return report and _pick(report, list(range(len(report.names)))[::-1])


class ActuatorBlocked(Fault):
    """Some joints stay where they were when the fault began [12]."""

    def __init__(self, indices: Sequence[int]) -> None:
        self._indices = list(indices)
        self._stuck: FloatArray | None = None

    def targets(self, targets: FloatArray, position: FloatArray, now_ns: int) -> FloatArray:
        """Drive the joints to where they got stuck."""
        if self._stuck is None:
            self._stuck = position[self._indices].copy()
        changed = targets.copy()
        changed[self._indices] = self._stuck
        return changed


class CommandsIgnored(Fault):
    """Commands are taken and not executed: the targets of the beginning stay in force [30]."""

    def __init__(self, indices: Sequence[int]) -> None:
        self._indices = list(indices)
        self._kept: FloatArray | None = None

    def targets(self, targets: FloatArray, position: FloatArray, now_ns: int) -> FloatArray:
        """Keep the targets of the beginning."""
        if self._kept is None:
            self._kept = targets[self._indices].copy()
        changed = targets.copy()
        changed[self._indices] = self._kept
        return changed


class BusSlow(Fault):
    """Targets of some joints reach the motors at a low rate, the newest ones, nothing queues."""

    def __init__(self, indices: Sequence[int], rate_hz: float) -> None:
        self._indices = list(indices)
        self._period_ns = round(NS_PER_S / rate_hz)
        self._next_ns = -1
        self._sent: FloatArray = np.zeros(0)

    def targets(self, targets: FloatArray, position: FloatArray, now_ns: int) -> FloatArray:
        """Let new targets through once per period."""
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + self._period_ns
            self._sent = targets[self._indices].copy()
        changed = targets.copy()
        changed[self._indices] = self._sent
        return changed


class ControllerInactive(Fault):
    """The controllers of some groups neither listen nor report; their joints hold and are reported [29]."""

    def __init__(self, groups: Sequence[str]) -> None:
        self._groups = frozenset(groups)

    def groups(self, groups: tuple[str, ...]) -> tuple[str, ...]:
        """Leave the inactive ones out."""
        return tuple(group for group in groups if group not in self._groups)


class DriverDead(ControllerInactive):
    """The drivers of some groups stop answering; their joints hold, their reported states freeze [31]."""

    def __init__(self, groups: Sequence[str], joints: Sequence[str]) -> None:
        super().__init__(groups)
        self._joints = frozenset(joints)
        self._frozen: JointReport | None = None

    def joint_report(self, report: JointReport | None) -> JointReport | None:
        """Repeat what the dead drivers said last."""
        if report is None:
            return None
        if self._frozen is None or self._frozen.names != report.names:
            self._frozen = report
        old, hit = self._frozen, np.array([name in self._joints for name in report.names])
        return replace(
            report,
            position=np.where(hit, old.position, report.position),
            velocity=np.where(hit, old.velocity, report.velocity),
            effort=np.where(hit, old.effort, report.effort),
        )


class ClockPaused(Fault):
    """The world and /clock stand still; the duration counts wall time, since no other passes [40]."""

    def __init__(self, duration_s: float) -> None:
        self._duration_ns = duration_s * NS_PER_S
        self._since_ns: int | None = None

    def is_paused(self, wall_ns: int) -> bool:
        """Stand still until the duration is over."""
        if self._since_ns is None:
            self._since_ns = wall_ns
        return not self._duration_ns or wall_ns - self._since_ns < self._duration_ns


def _pick(report: JointReport, kept: list[int]) -> JointReport:
    return JointReport(
        tuple(report.names[index] for index in kept),
        report.position[kept],
        report.velocity[kept],
        report.effort[kept],
        report.stamp_ns,
    )


def _joint_indices(names: Sequence[str], world: FaultWorld) -> list[int]:
    return [world.joints.index(name) for name in names]


def _group_indices(groups: Sequence[str], world: FaultWorld) -> list[int]:
    return [index for group in groups for index in world.groups[group]]


def _dead_driver(request: FaultRequest, groups: tuple[str, ...], world: FaultWorld) -> Fault:
    return DriverDead(groups, [world.joints[index] for index in _group_indices(groups, world)])


_JOINT_HOOKS = (
    FaultHook("state_stale", "", "no joint states are published", lambda r, t, w: StateStale()),
    FaultHook("state_nan", "joint", "joint states hold NaN", lambda r, t, w: StateNan(t)),
    FaultHook(
        "state_jump",
        "joint",
        "reported positions are off by a step",
        lambda r, t, w: StateJump(t, r.value),
        value="step in rad",
        default=0.5,
        bounds=(-6.3, 6.3),
    ),
    FaultHook(
        "state_missing", "joint", "joints are absent from the states", lambda r, t, w: StateMissing(t), True
    ),
    FaultHook("state_reordered", "", "joint states come in reverse order", lambda r, t, w: StateReordered()),
    FaultHook(
        "actuator_blocked",
        "joint",
        "joints are stuck where they are",
        lambda r, t, w: ActuatorBlocked(_joint_indices(t, w)),
        True,
    ),
    FaultHook(
        "commands_ignored",
        "group",
        "commands are taken and not executed",
        lambda r, t, w: CommandsIgnored(_group_indices(t, w)),
    ),
    FaultHook(
        "hand_bus_slow",
        "group",
        "targets reach the motors at a low rate",
        lambda r, t, w: BusSlow(_group_indices(t, w), r.value),
        True,
        value="rate in Hz",
        default=HAND_BUS_RATE_HZ,
        bounds=(0.1, 1000.0),
    ),
    FaultHook(
        "controller_inactive",
        "group",
        "the controller of a group neither listens nor reports",
        lambda r, t, w: ControllerInactive(t),
        True,
    ),
    FaultHook("driver_dead", "group", "the driver of a group stops answering", _dead_driver, True),
    FaultHook(
        "clock_pause",
        "",
        "the world and /clock stand still; the duration counts wall time",
        lambda r, t, w: ClockPaused(r.duration_s),
    ),
)

HOOKS: tuple[FaultHook, ...] = (*CAMERA_HOOKS, *_JOINT_HOOKS)
"""Every fault that can be injected into the twin."""
