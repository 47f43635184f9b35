"""From what is asked to what can be done: the next plan inside all limits that comes nearest to the goal.

Three ways, tried per joint in this order:
1. pass: reach the goal state exactly at the end of the segment, when the segment and a stop after it fit;
2. steer: one constant jerk over the segment. All bounds are linear in this jerk, so each family of stops
   leaves an interval of allowed values; within it the jerk is chosen whose stop would come to rest nearest
   to the goal, relative to the goal's own motion;
3. keep: the old plan goes on, which ends in a stop by construction.
A joint that must stop takes the stop that is at rest first, the old plan's own included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dexora_core.motion.limits import INNER, BoolArray, FloatArray, MotionLimits
from dexora_core.motion.masks import every, some
from dexora_core.motion.plan import Plan, Uniform
from dexora_core.motion.segment import Segment
from dexora_core.motion.stopping import Family, StopFamilies

_REST_TOLERANCE = 1e-7
"""Rest errors below this [rad] count as none when families are compared."""


_USUAL = 2
"""In 49 of 50 ticks every joint can stop by one of so many families; longer ones are not looked at then."""

_FAST = 1.05
"""A joint this much above its scaled velocity limit first brakes; a scale is a wish, the limit is not."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What was done with each joint; arrays of shape (J,) that exclude each other, not to be changed.

    Attributes:
        passed: The goal was taken over exactly.
        steered: The joint moves towards the goal as far as the limits allow.
        stopped: The joint was to stop and does.
        kept: None of the three: the old plan goes on although the joint was not to stop.
    """

    passed: BoolArray
    steered: BoolArray
    stopped: BoolArray
    kept: BoolArray


@dataclass(frozen=True, slots=True)
class Demand:
    """What is wanted of the projector.

    Attributes:
        goal: State wanted at the end of the segment, finite, shape (3, J).
        bounds: `Segment.bounds` from the present state to the goal, shape (R, J).
        stop: Joints that shall come to rest, shape (J,).
        speed_scale: Allowed fraction of the velocity limits, in (0, 1].
    """

    goal: FloatArray
    bounds: FloatArray
    stop: BoolArray
    speed_scale: float = 1.0


class Projector:
    """Replaces a plan by the one that comes nearest to a goal.

    Args:
        limits: Limits of the robot.
        lookahead_s: Duration of the segment: how far ahead the goal lies [s].
    """

    def __init__(self, limits: MotionLimits, lookahead_s: float) -> None:
        self.limits = limits
        self.segment = Segment(limits, lookahead_s)
        self.families = StopFamilies(limits)
        self._fast = _FAST * limits.velocity
        self._nobody = np.zeros(limits.count, dtype=bool)
        self._everybody = ~self._nobody
        for mask in (self._nobody, self._everybody):
            mask.setflags(write=False)  # handed out again and again
        self._common = _CommonChoice(limits)
        self._steering = _Steering(limits, self.families, lookahead_s)

    def advance(self, plan: Plan, now_ns: int, state: FloatArray, demand: Demand) -> Projection:
        """Replace `plan` in place.

        Args:
            plan: The plan in force.
            now_ns: The present.
            state: The plan's state at the present, shape (3, J).
            demand: What is wanted.
        """
        goal, speed_scale = demand.goal, demand.speed_scale
        halted = demand.stop | (np.abs(state[1]) > speed_scale * self._fast)
        fits = demand.bounds <= 1.0
        families = self.families.admissible(goal, speed_scale, _USUAL)
        can_stop = every(families[-1])
        if can_stop and every(fits) and not some(halted):
            plan.replace(self._everybody, self._follow(now_ns, state, goal, self._common.choose(families)))
            return Projection(self._everybody, self._nobody, self._nobody, self._nobody)
        if not can_stop:
            families = self.families.admissible(goal, speed_scale)
        passed = np.logical_or.reduce(families) & np.logical_and.reduce(fits) & ~halted
        end, family, steered = goal, self._common.choose(families), self._nobody
        if not every(passed | halted):
            steer_end, steer_family, feasible = self._steering.solve(state, goal, speed_scale)
            steered = feasible & ~passed & ~halted
            end = np.where(steered, steer_end, goal)
            family = np.where(steered, steer_family, family)
        moved = passed | steered
        if some(moved):
            plan.replace(moved, self._follow(now_ns, state, end, family))
        if some(halted):
            self._halt(plan, now_ns, state, halted)
        return Projection(passed, steered, halted, ~(moved | halted))

    def _follow(self, now_ns: int, state: FloatArray, end: FloatArray, family: Family) -> Plan:
        """Build the plan that reaches `end` and then stops by `family`."""
        coefficients = self.segment.coefficients(state, end)
        uniform = Uniform(now_ns, self.segment.duration_s, coefficients)
        return Plan.along(uniform, end, self.families.times(family))

    def _halt(self, plan: Plan, now_ns: int, state: FloatArray, joints: BoolArray) -> None:
        """Let `joints` take the stop that is at rest first, their present plan included."""
        rest_in = plan.rest_in_s(now_ns)
        if not (rest_in[joints] > 0.0).any():
            return
        total = np.where(self.families.admissible(state), self.families.total_s, np.inf)
        sooner = joints & (total.min(axis=0) < rest_in)
        if not some(sooner):
            return
        new = Plan(now_ns, state[0])
        new.handover = state.copy()
        new.release_s, new.brake_s = self.families.times(total.argmin(axis=0))
        plan.replace(sooner, new)


class _CommonChoice:
    """Chooses the same stop for all joints of a group where one exists, so that messages stay short."""

    def __init__(self, limits: MotionLimits) -> None:
        order = [index for indices in limits.groups.values() for index in indices.tolist()]
        rest = sorted(set(range(limits.count)) - set(order))
        sizes = [len(indices) for indices in limits.groups.values()] + [1] * len(rest)
        self._order = np.array(order + rest, dtype=np.intp)
        self._is_in_order = bool((self._order == np.arange(limits.count)).all())
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._group = np.empty(limits.count, dtype=np.intp)
        self._group[self._order] = np.repeat(np.arange(len(sizes)), sizes)

    def choose(self, admissible: BoolArray) -> Family:
        """Return the shortest family per joint (J,), or that of all, from what is admissible (K, J)."""
        if every(admissible[0]):
            return 0
        ordered = admissible if self._is_in_order else admissible[:, self._order]
        shared = np.logical_and.reduceat(ordered, self._starts, axis=1)[:, self._group]
        common = shared.argmax(axis=0)
        if every(shared[-1]):
            return common
        return np.where(np.logical_or.reduce(shared), common, admissible.argmax(axis=0))


class _Steering:
    """One constant jerk over the segment, chosen from what the limits allow."""

    def __init__(self, limits: MotionLimits, families: StopFamilies, duration: float) -> None:
        self._limits = limits
        self._families = families
        self._duration = duration
        self._jerk_limit = limits.jerk * INNER
        effect = np.array([duration**3 / 6, duration**2 / 2, duration])
        self._effect = effect[:, None]
        slope = np.tensordot(effect, families.coefficients, axes=1)
        self._inverse = 1.0 / slope
        self._width = np.abs(self._inverse)
        self._rest_gain = (
            effect[0] + families.velocity_gain * effect[1] + families.acceleration_gain * effect[2]
        )
        self._columns = np.arange(limits.count)

    def solve(
        self, state: FloatArray, goal: FloatArray, speed_scale: float
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return end states (3, J), the family of the stop after them (J,), and where any exists (J,)."""
        drift = self._drift(state)
        low, high = self._interval(drift, speed_scale)
        error = drift - goal
        rest = (
            error[0] + self._families.velocity_gain * error[1] + self._families.acceleration_gain * error[2]
        )
        jerk = np.clip(-rest / self._rest_gain, low, np.maximum(low, high))
        residual = np.abs(rest + self._rest_gain * jerk)
        cost = np.where(low <= high, np.maximum(residual, _REST_TOLERANCE), np.inf)
        family = cost.argmin(axis=0)
        chosen = jerk[family, self._columns]
        feasible = np.isfinite(cost[family, self._columns])
        end = drift + self._effect * np.where(feasible, chosen, 0.0)
        return end, family, feasible & self._start_fits(state)

    def _drift(self, state: FloatArray) -> FloatArray:
        """End of the segment without any jerk, shape (3, J)."""
        q, v, a = state
        t = self._duration
        return np.stack([q + t * (v + 0.5 * t * a), v + t * a, a])

    def _interval(self, drift: FloatArray, speed_scale: float) -> tuple[FloatArray, FloatArray]:
        """Jerks after which each family can still stop each joint, two arrays of shape (K, J)."""
        centre = self._families.rows(drift)
        centre *= -self._inverse
        width = self._width
        if speed_scale < 1.0:
            width = np.where(self._families.is_velocity, width * speed_scale, width)
        low = np.maximum.reduceat(centre - width, self._families.starts, axis=0)
        high = np.minimum.reduceat(centre + width, self._families.starts, axis=0)
        low = np.maximum(low[1:], np.maximum(low[0], -self._jerk_limit))
        return low, np.minimum(high[1:], np.minimum(high[0], self._jerk_limit))

    def _start_fits(self, state: FloatArray) -> BoolArray:
        """Whether the control values that no jerk can change lie inside the limits, shape (J,)."""
        q, v, a = state
        t = self._duration
        first = q + v * (t / 3)
        second = first + t * (v / 3 + a * (t / 6))
        fits = np.maximum(first, second) <= self._limits.upper
        fits &= np.minimum(first, second) >= self._limits.lower
        fits &= np.abs(v + a * (t / 2)) <= self._limits.velocity
        return fits
