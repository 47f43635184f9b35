"""One group's controller as a pure state machine: trajectories in, one set-point per tick out."""

from __future__ import annotations

import numpy as np

from dexora_core.trajectory_execution.hardware import BoolArray, FloatArray, JointSample
from dexora_core.trajectory_execution.limiter import ON_PATH_RAD, finite_inside, limit
from dexora_core.trajectory_execution.motion import NS_PER_S, SetPoint
from dexora_core.trajectory_execution.planning import plan_spline
from dexora_core.trajectory_execution.play import Pending, Play
from dexora_core.trajectory_execution.request import (
    ErrorCode,
    GoalResult,
    GoalTolerances,
    GroupLimits,
    Refusal,
    TrajectoryRequest,
)
from dexora_core.trajectory_execution.state import ControllerState, ExecutionSettings
from dexora_core.trajectory_execution.stopping import hold, plan_stop
from dexora_core.trajectory_execution.tolerances import SegmentTolerances, StateTolerances, resolve
from dexora_core.trajectory_execution.validation import ValidationRules, validate

# A tick that comes later than this moves the set-point no further than one that came in time [s].
MAX_TICK_S = 0.2


class TrajectoryExecutor:
    """Executes trajectories for one group of joints.

    The set-point is always finite and inside position and velocity limits, whatever comes in.

    Args:
        limits: Names and limits of the group.
        settings: How to execute.
        position: Measured position at the start, shape (J,), rad; held until a trajectory comes.
        now_ns: Current time [ns].
    """

    def __init__(
        self, limits: GroupLimits, settings: ExecutionSettings, position: FloatArray, now_ns: int
    ) -> None:
        self.limits = limits
        self.settings = settings
        joints = len(limits.joint_names)
        self._defaults = SegmentTolerances(
            StateTolerances.uniform(joints, settings.path_tolerance_rad),
            StateTolerances.uniform(
                joints, settings.goal_tolerance_rad, settings.stopped_velocity_tolerance_rad_s
            ),
            settings.goal_time_s,
        )
        centre = (limits.lower_rad + limits.upper_rad) / 2
        self._last_ns = now_ns
        self._play = Play(hold(finite_inside(position, centre, limits), now_ns), self._defaults)
        self._output = self._play.motion.sample(now_ns)
        self._pending: Pending | None = None
        self._is_first_sample = False
        self._results: list[GoalResult] = []

    @property
    def output(self) -> SetPoint:
        """The newest set-point."""
        return self._output

    @property
    def active_goal(self) -> object | None:
        """The goal being executed or about to be, or None."""
        return self._pending.goal if self._pending else self._play.goal

    @property
    def is_stopping_beyond_limits(self) -> bool:
        """Whether the motion in force ends in a stop that must exceed acceleration or jerk limits."""
        return not self._play.motion.is_within_limits

    def is_at_rest(self, now_ns: int) -> bool:
        """Tell whether the set-point stands still and will not move by itself."""
        return self._pending is None and now_ns >= self._play.motion.rest_ns

    def accept(
        self,
        request: TrajectoryRequest,
        now_ns: int,
        goal: object | None = None,
        tolerances: GoalTolerances | None = None,
    ) -> Refusal | None:
        """Check a trajectory; the next `update` starts it and replaces what is running.

        Args:
            request: What came in.
            now_ns: Current time [ns].
            goal: Handle of an action goal, returned with its result; None for the streaming topic, whose
                trajectories may end with a velocity.
            tolerances: Bounds that came with the goal.

        Returns:
            None if accepted, else why not; a refused request changes nothing.
        """
        rules = ValidationRules(
            self.settings.allow_partial_joints_goal, goal is None, self.settings.max_start_delay_s
        )
        checked = validate(request, self.limits, rules, now_ns)
        if isinstance(checked, Refusal):
            return checked
        bounds = resolve(tolerances or GoalTolerances(), self._defaults, self.limits.joint_names)
        if isinstance(bounds, Refusal):
            return bounds
        self._finish_goals(ErrorCode.INVALID_GOAL, "replaced by a newer trajectory")
        self._pending = Pending(checked, bounds, goal)
        return None

    def cancel(self, goal: object) -> bool:
        """Come to rest and hold, if `goal` is the one being executed.

        Args:
            goal: The handle given to `accept`.

        Returns:
            Whether there was something to cancel.
        """
        if goal is None or self.active_goal is not goal:
            return False
        self._finish_goals(ErrorCode.SUCCESSFUL, "cancelled by the client; holding position", True)
        self._stop(self._output, self._last_ns)
        return True

    def hold_at(self, position: FloatArray, now_ns: int, reason: str) -> None:
        """Drop everything and hold a position at once, for a robot that was moved or switched off meanwhile.

        Args:
            position: Shape (J,), rad; what is not finite keeps the newest set-point.
            now_ns: Current time [ns].
            reason: Sentence for the goal that ends by it.
        """
        self._finish_goals(ErrorCode.INVALID_GOAL, reason)
        usable = finite_inside(position, self._output.position, self.limits)
        self._play = Play(hold(usable, now_ns), self._defaults)
        self._output = self._play.motion.sample(now_ns)
        self._pending, self._last_ns = None, now_ns

    def update(self, now_ns: int, measured: JointSample) -> ControllerState:
        """Advance to a time and compute the set-point.

        Args:
            now_ns: Current time [ns]; if it is before the last one, what runs is dropped and comes to rest.
            measured: Newest sample of the group.

        Returns:
            The state to report; `output` goes to the hardware.
        """
        elapsed_s = min((now_ns - self._last_ns) / NS_PER_S, MAX_TICK_S)
        if elapsed_s < 0.0:
            self._stop_for_clock(-elapsed_s, now_ns)
        if self._pending is not None:
            self._start(self._pending, self._limited(now_ns, elapsed_s)[1], now_ns)
        reference, output = self._limited(now_ns, elapsed_s)
        self._output, self._last_ns = output, now_ns
        state = ControllerState(
            now_ns,
            reference,
            measured,
            reference.position - measured.position,
            reference.velocity - measured.velocity,
            output,
        )
        self._judge(state)
        return state

    def take_results(self) -> list[GoalResult]:
        """Return the goals that ended since the last call."""
        results, self._results = self._results, []
        return results

    def _limited(self, now_ns: int, elapsed_s: float) -> tuple[SetPoint, SetPoint]:
        with np.errstate(over="ignore", invalid="ignore"):
            reference = self._play.motion.sample(now_ns)
            return reference, limit(reference, self._output.position, self.limits, elapsed_s)

    def _start(self, pending: Pending, start: SetPoint, now_ns: int) -> None:
        budget_s = self.settings.stop_budget_s
        motion = plan_spline(pending.trajectory, start, now_ns, self.limits, budget_s)
        self._play = Play(motion, pending.tolerances, pending.goal)
        self._pending = None
        self._is_first_sample = True

    def _judge(self, state: ControllerState) -> None:
        play, now_ns = self._play, state.stamp_ns
        if now_ns < play.motion.end_ns or self._is_first_sample:
            self._is_first_sample = False
            outside = play.tolerances.path.violated(state.error_rad, state.error_rad_s)
            if outside.any():
                self._abort(ErrorCode.PATH_TOLERANCE_VIOLATED, outside, state, "path")
                return
        if play.goal is None or now_ns < play.motion.end_ns:
            return
        outside = play.tolerances.goal.violated(state.error_rad, state.error_rad_s)
        outside |= np.abs(state.output.position - state.reference.position) > ON_PATH_RAD
        late_s = (now_ns - play.motion.end_ns) / NS_PER_S
        if not outside.any() and now_ns >= play.motion.rest_ns:
            self._finish_goals(ErrorCode.SUCCESSFUL, "goal reached")
        elif play.tolerances.goal_time_s and late_s > play.tolerances.goal_time_s:
            self._abort(
                ErrorCode.GOAL_TOLERANCE_VIOLATED, outside, state, f"goal ({late_s:.3f} s after its end)"
            )

    def _abort(self, code: ErrorCode, outside: BoolArray, state: ControllerState, what: str) -> None:
        joint = int(np.argmax(outside))
        reason = (
            f"{what} tolerance violated by {self.limits.joint_names[joint]}: error "
            f"{state.error_rad[joint]:.4f} rad, {state.error_rad_s[joint]:.4f} rad/s; holding position"
        )
        self._finish_goals(code, reason)
        measured = finite_inside(state.feedback.position, state.output.position, self.limits)
        still = SetPoint(
            np.where(outside, measured, state.output.position),
            np.where(outside, 0.0, state.output.velocity),
            np.where(outside, 0.0, state.output.acceleration),
        )
        self._stop(still, state.stamp_ns)

    def _stop(self, start: SetPoint, now_ns: int) -> None:
        motion = plan_stop(start, now_ns, self.limits, self.settings.stop_budget_s)
        self._play = Play(motion, self._defaults)
        self._pending = None

    def _stop_for_clock(self, back_s: float, now_ns: int) -> None:
        """Stop where the set-point is: sampled at an earlier time, its motion would run again."""
        reason = (
            f"the controller's clock went back by {back_s:.3f} s, so the trajectory was dropped; "
            "let clocks only move forward and send it again"
        )
        self._finish_goals(ErrorCode.INVALID_GOAL, reason)
        self._stop(self._output, now_ns)

    def _finish_goals(self, code: ErrorCode, reason: str, is_cancelled: bool = False) -> None:
        pending_goal = self._pending.goal if self._pending else None
        for goal in (self._play.goal, pending_goal):
            if goal is not None:
                self._results.append(GoalResult(goal, code, reason, is_cancelled))
        self._play = Play(self._play.motion, self._play.tolerances)
