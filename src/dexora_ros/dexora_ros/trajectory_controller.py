"""A trajectory controller as ROS sees it: the topic, the action and the state of joint_trajectory_controller.

The rules are `dexora_core.trajectory_execution`'s; the action is in `trajectory_action`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.clock import NS_PER_S
from dexora_core.trajectory_execution import ControllerState, ErrorCode, GroupController, Refusal
from trajectory_msgs.msg import JointTrajectory

from .diagnostics import Check
from .managed_node import ManagedNode
from .qos import COMMAND, STATE
from .trajectory_action import GoalHooks, TrajectoryAction
from .trajectory_messages import fill_state, to_request

REFUSAL_LOG_PERIOD_S = 1.0


@dataclass(frozen=True)
class ControllerOptions:
    """How a controller shows itself.

    Attributes:
        name: Prefix of topics and action, such as `left_arm_controller`.
        state_rate_hz: Rate of `controller_state` [Hz].
        feedback_rate_hz: Rate of the action's feedback [Hz].
        invalid_goals: "abort" (with code and sentence) or "reject" (as joint_trajectory_controller).
    """

    name: str
    state_rate_hz: float = 50.0
    feedback_rate_hz: float = 20.0
    invalid_goals: str = "abort"


class TrajectoryController:
    """Topic, action and state of one group's controller on a managed node.

    Make it in `on_setup` or `on_start`, call `update` once per tick on the node's thread, and `close` it on
    the way down.

    Args:
        node: The node that offers the interfaces.
        controller: The group's rules and hardware.
        options: Names and rates.
        now_ns: Returns the time of the controller's clock [ns].
        blocked: Returns why nothing may move now, or "".
    """

    def __init__(
        self,
        node: ManagedNode[Any],
        controller: GroupController,
        options: ControllerOptions,
        now_ns: Callable[[], int],
        blocked: Callable[[], str] = lambda: "",
    ) -> None:
        self.options = options
        self.controller = controller
        self._node, self._now_ns, self._blocked = node, now_ns, blocked
        self._logger = node.get_logger().get_child(options.name)
        self._refusals, self._last_refusal = 0, ""
        self._next_state_ns = self._next_feedback_ns = -1
        names = list(controller.executor.limits.joint_names)
        self._state = JointTrajectoryControllerState(joint_names=names, speed_scaling_factor=1.0)
        self._state_publisher = node.create_publisher(
            JointTrajectoryControllerState, f"{options.name}/controller_state", STATE
        )
        node.create_subscription(
            JointTrajectory, f"{options.name}/joint_trajectory", self._on_trajectory, COMMAND
        )
        self._action = TrajectoryAction(
            node,
            f"{options.name}/follow_joint_trajectory",
            controller.executor,
            GoalHooks(now_ns, self._blocked_refusal, partial(self._note, what="goal")),
            options.invalid_goals == "reject",
        )

    def update(self, now_ns: int) -> ControllerState | None:
        """Advance to a time, send set-points, publish state, feedback and results.

        Args:
            now_ns: Current time [ns].

        Returns:
            The controller's state, or None while the hardware does not answer.
        """
        state = self.controller.update(now_ns)
        self._action.deliver_results()
        if state is not None:
            self._publish(state)
        return state

    def hold(self, now_ns: int, reason: str) -> None:
        """Drop what is running and hold the measured position.

        Args:
            now_ns: Current time [ns].
            reason: Sentence for the goal that ends by it.
        """
        self.controller.rehold(now_ns, reason)
        self._action.deliver_results()

    def close(self, reason: str) -> None:
        """End all goals before the node goes down.

        Args:
            reason: Sentence for their clients.
        """
        self._action.close(reason)

    def check(self) -> Check:
        """Return the controller's diagnostic."""
        values = {"refused trajectories": str(self._refusals), "last refusal": self._last_refusal}
        if self.controller.fault:
            return Check.error(f"the hardware does not answer: {self.controller.fault}", values)
        if self.controller.executor.is_stopping_beyond_limits:
            return Check.warn(
                "the stop at the end of this stream exceeds acceleration or jerk limits to stop in time; "
                "let every trajectory end at rest",
                values,
            )
        is_busy = self.controller.executor.active_goal is not None
        return Check.ok("executing a goal" if is_busy else "holding or streaming", values)

    def _publish(self, state: ControllerState) -> None:
        if _is_due(state.stamp_ns, self._next_state_ns):
            self._next_state_ns = state.stamp_ns + round(NS_PER_S / self.options.state_rate_hz)
            fill_state(self._state, state)
            self._state_publisher.publish(self._state)
        if _is_due(state.stamp_ns, self._next_feedback_ns):
            self._next_feedback_ns = state.stamp_ns + round(NS_PER_S / self.options.feedback_rate_hz)
            self._action.publish_feedback(state)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        refusal = self._blocked_refusal()
        refusal = refusal or self.controller.executor.accept(to_request(message), self._now_ns())
        if refusal:
            self._note(refusal, "trajectory")
        self._action.deliver_results()

    def _blocked_refusal(self) -> Refusal | None:
        reason = self._blocked()
        return Refusal(ErrorCode.INVALID_GOAL, reason) if reason else None

    def _note(self, refusal: Refusal, what: str) -> None:
        self._refusals += 1
        self._last_refusal = f"{refusal.code.name}: {refusal.reason}"
        text = f"{what} refused, nothing moves for it: {self._last_refusal}"
        self._logger.error(text, throttle_duration_sec=REFUSAL_LOG_PERIOD_S)


def _is_due(now_ns: int, next_ns: int) -> bool:
    # A clock that was set back must not silence the topics.
    return now_ns >= next_ns or next_ns - now_ns > NS_PER_S
