"""The command gate: whatever comes in, what goes out is finite and inside all limits, or a bounded stop.

The gate owns the plan, the commanded motion of all joints as a function of time. A step evaluates the plan at
the present, lets the request pass the stages from outside to inside, and replaces the plan by one that
continues it without a step in position, velocity or acceleration. A late or missing step therefore harms
nothing: the plan that is in force, and in the hands of the controllers, ends in a stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dexora_core.clock import NS_PER_MS
from dexora_core.errors import ConfigError, TrajectoryError
from dexora_core.motion import MotionLimits, Plan, Projector
from dexora_core.motion.limits import INNER, BoolArray, FloatArray
from dexora_core.stages import (
    CollisionStage,
    FiniteStage,
    GateRequest,
    JerkStage,
    LimitsStage,
    OrderStage,
    ProjectStage,
    Step,
    TrackingStage,
    Verdict,
)
from dexora_core.stages.base import wanted_rows
from dexora_core.stages.collision import CollisionLimits
from dexora_core.stages.order import Permute


@dataclass(frozen=True)
class GateConfig:
    """Settings of the gate.

    Attributes:
        lookahead_s: How far ahead of the present the goal of a request lies [s].
        tracking_bound_rad: Largest tracking error per joint [rad], shape (J,); None watches none.
        tracking_grace_ns: For how long it may be exceeded [ns].
        collision: When the collision stage acts.
        start_tolerance_rad: How far outside its limits a joint may be when the gate starts [rad].
    """

    lookahead_s: float = 0.03
    tracking_bound_rad: FloatArray | None = None
    tracking_grace_ns: int = 100 * NS_PER_MS
    collision: CollisionLimits = field(default_factory=CollisionLimits)
    start_tolerance_rad: float = 0.01


class CommandGate:
    """The only place that decides what a joint does next.

    Args:
        limits: Limits of the robot.
        permute: Index array that brings values in the order of given names into the contract's order.
        config: Settings.
        position: Where the robot rests at the start [rad], shape (J,).
        now_ns: The present.

    Raises:
        TrajectoryError: The robot is outside its limits by more than the tolerance.
        ConfigError: The lookahead is not a positive time.
    """

    def __init__(
        self,
        limits: MotionLimits,
        permute: Permute,
        config: GateConfig,
        position: FloatArray,
        now_ns: int,
    ) -> None:
        if not 2e-3 <= config.lookahead_s <= 0.5:
            raise ConfigError(f"lookahead_s is {config.lookahead_s} s; it must lie between 0.002 and 0.5 s")
        self.limits = limits
        self.config = config
        self._projector = Projector(limits, config.lookahead_s)
        self._lower = limits.middle - limits.half_range * INNER
        self._upper = limits.middle + limits.half_range * INNER
        self._now_ns = now_ns
        self._project = ProjectStage(self._projector, Plan(now_ns, self._start(position)))
        self._stages = self._wrap(permute)

    @property
    def plan(self) -> Plan:
        """The commanded motion of all joints from now on."""
        return self._project.plan

    def reset(self, now_ns: int, position: FloatArray) -> None:
        """Start again at rest from `position` (J,) [rad], for instance after power came back.

        Raises:
            TrajectoryError: The robot is outside its limits by more than the tolerance.
        """
        self._project.plan = Plan(now_ns, self._start(position))
        self._now_ns = now_ns
        self._tracking.reset()

    def follow(self, now_ns: int, measured: FloatArray) -> None:
        """Rest where the robot was measured, all joints: somebody else moves it, the gate must not lag."""
        if measured.shape == (self.limits.count,) and np.isfinite(measured).all():
            self._project.plan = Plan(now_ns, np.clip(measured, self._lower, self._upper))
            self._tracking.reset()

    def settle(self, now_ns: int, measured: FloatArray) -> bool:
        """Rest where the robot was measured, so that nothing pushes any longer; only possible at rest.

        Joints without a tracking bound keep their command: a hand keeps its grip.

        Returns:
            Whether the gate did.
        """
        commanded, bound = self.plan.state_at(now_ns), self.config.tracking_bound_rad
        if bound is None or commanded[1].any() or not np.isfinite(measured).all():
            return False
        self.reset(
            now_ns, np.where(np.isfinite(bound), np.clip(measured, self._lower, self._upper), commanded[0])
        )
        return True

    def step(self, now_ns: int, request: GateRequest) -> Verdict:
        """Replace the plan by the best one for `request`; a time before the last one counts as the last."""
        self._now_ns = max(now_ns, self._now_ns)
        state = self.plan.state_at(self._now_ns)
        stop = self._stop_mask(request.stop)
        scale = min(float(request.speed_scale), 1.0)
        wanted = wanted_rows(request, self.limits.count)
        return self._stages(Step(self._now_ns, request, wanted, state, state, stop, scale))

    def _wrap(self, permute: Permute) -> FiniteStage:
        limits, config = self.limits, self.config
        bound = config.tracking_bound_rad
        bound = np.full(limits.count, np.inf) if bound is None else bound
        collision = CollisionStage(self._project, config.collision)
        self._tracking = TrackingStage(collision, limits.names, bound, config.tracking_grace_ns)
        jerk = JerkStage(self._tracking, self._projector.segment)
        return FiniteStage(OrderStage(LimitsStage(jerk, limits), permute), limits.names)

    def _start(self, position: FloatArray) -> FloatArray:
        tolerance, count = self.config.start_tolerance_rad, self.limits.count
        if position.shape != (count,):
            msg = f"the gate cannot start: {position.size} measured positions, the robot has {count} joints"
            raise TrajectoryError(msg, code="DX-GAT-013")
        excess = np.maximum(position - self.limits.upper, self.limits.lower - position)
        if not (excess <= tolerance).all():
            worst = int(np.argmax(excess))
            msg = (
                f"the gate cannot start: joint {self.limits.names[worst]} is {excess[worst]:.4f} rad outside"
                f" its limits, tolerance {tolerance} rad; bring it inside by hand"
            )
            raise TrajectoryError(msg, code="DX-GAT-013")
        return np.clip(position, self._lower, self._upper)

    def _stop_mask(self, stop: BoolArray | None) -> BoolArray:
        if stop is None:
            return np.zeros(self.limits.count, dtype=bool)
        if stop.shape != (self.limits.count,):
            return np.ones(self.limits.count, dtype=bool)
        return stop.astype(bool)
