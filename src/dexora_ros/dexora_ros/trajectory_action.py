"""The action of a trajectory controller: takes goals, keeps them until they end, answers their clients.

Goals that break the rules of `dexora_core.trajectory_execution` are accepted and aborted at once, so that the
client receives the code and the sentence of `FollowJointTrajectory`; joint_trajectory_controller rejects them
without either. `invalid_goals="reject"` brings that back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from control_msgs.action import FollowJointTrajectory
from dexora_core.trajectory_execution import (
    ControllerState,
    ErrorCode,
    GoalResult,
    Refusal,
    TrajectoryExecutor,
    ValidationRules,
    validate,
)
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future

from .managed_node import ManagedNode
from .trajectory_messages import fill_feedback, to_request, to_tolerances


@dataclass(frozen=True)
class GoalHooks:
    """What the action asks of its controller.

    Attributes:
        now_ns: Returns the time of the controller's clock [ns].
        blocked: Returns why nothing may move now, or None.
        note: Called with every refusal.
    """

    now_ns: Callable[[], int]
    blocked: Callable[[], Refusal | None]
    note: Callable[[Refusal], None]


@dataclass(frozen=True, eq=False)
class _Goal:
    """An accepted goal and the future that its coroutine waits for."""

    handle: ServerGoalHandle
    outcome: Future[GoalResult]


class TrajectoryAction:
    """Offers `FollowJointTrajectory` for one executor.

    Args:
        node: The node that offers it.
        name: Name of the action.
        executor: The rules that goals go through.
        hooks: The controller around it.
        is_rejecting: Whether invalid goals are rejected, not accepted and aborted with code and sentence.
    """

    def __init__(
        self,
        node: ManagedNode[Any],
        name: str,
        executor: TrajectoryExecutor,
        hooks: GoalHooks,
        is_rejecting: bool,
    ) -> None:
        self._node, self._executor, self._hooks = node, executor, hooks
        self._is_rejecting = is_rejecting
        self._logger = node.get_logger().get_child(name)
        self._goals: list[_Goal] = []
        self._feedback = FollowJointTrajectory.Feedback(joint_names=list(executor.limits.joint_names))
        self._server = node.own(
            ActionServer(
                node,
                FollowJointTrajectory,
                name,
                execute_callback=node.guard(self._on_execute),
                goal_callback=node.guard(self._on_goal, fallback=lambda _goal: GoalResponse.REJECT),
                handle_accepted_callback=node.guard(self._on_accepted),
                cancel_callback=node.guard(self._on_cancel, fallback=lambda _goal: CancelResponse.REJECT),
            )
        )

    def deliver_results(self) -> None:
        """Send the results of goals that have ended."""
        for result in self._executor.take_results():
            self._logger.info(f"goal ended: {result.code.name}: {result.reason}")
            _settle(result)

    def publish_feedback(self, state: ControllerState) -> None:
        """Send the state to the client of the goal that is executed, if there is one.

        Args:
            state: The controller's state.
        """
        goal = self._executor.active_goal
        if isinstance(goal, _Goal):
            fill_feedback(self._feedback, state)
            goal.handle.publish_feedback(self._feedback)

    def close(self, reason: str) -> None:
        """End all goals before the node goes down.

        Args:
            reason: Sentence for their clients.
        """
        for goal in self._goals:
            _settle(GoalResult(goal, ErrorCode.INVALID_GOAL, reason))

    def _on_goal(self, goal: FollowJointTrajectory.Goal) -> GoalResponse:
        refusal = (self._hooks.blocked() or self._check(goal)) if self._is_rejecting else None
        if refusal:
            self._hooks.note(refusal)
        return GoalResponse.REJECT if refusal else GoalResponse.ACCEPT

    def _on_accepted(self, handle: ServerGoalHandle) -> None:
        goal = _Goal(handle, Future(executor=self._node.executor))
        self._goals.append(goal)
        refusal = self._hooks.blocked() or self._accept(goal)
        self.deliver_results()
        if refusal:
            self._hooks.note(refusal)
            _settle(GoalResult(goal, refusal.code, refusal.reason))
        handle.execute()

    async def _on_execute(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        goal = next(goal for goal in self._goals if goal.handle is handle)
        outcome = await goal.outcome
        self._goals.remove(goal)
        assert outcome is not None
        if handle.is_cancel_requested and outcome.is_cancelled:
            handle.canceled()
        elif outcome.code is ErrorCode.SUCCESSFUL:
            handle.succeed()
        else:
            handle.abort()
        return FollowJointTrajectory.Result(error_code=int(outcome.code), error_string=outcome.reason)

    def _on_cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        for goal in self._goals:
            if goal.handle is handle:
                self._executor.cancel(goal)
        return CancelResponse.ACCEPT

    def _accept(self, goal: _Goal) -> Refusal | None:
        request = goal.handle.request
        return _multi_dof_refusal(request) or self._executor.accept(
            to_request(request.trajectory), self._hooks.now_ns(), goal, to_tolerances(request)
        )

    def _check(self, goal: FollowJointTrajectory.Goal) -> Refusal | None:
        rules = ValidationRules(self._executor.settings.allow_partial_joints_goal)
        checked = validate(to_request(goal.trajectory), self._executor.limits, rules, self._hooks.now_ns())
        return _multi_dof_refusal(goal) or (checked if isinstance(checked, Refusal) else None)


def _settle(result: GoalResult) -> None:
    if isinstance(result.goal, _Goal) and not result.goal.outcome.done():
        result.goal.outcome.set_result(result)


def _multi_dof_refusal(goal: FollowJointTrajectory.Goal) -> Refusal | None:
    if goal.multi_dof_trajectory.points or goal.component_path_tolerance or goal.component_goal_tolerance:
        return Refusal(
            ErrorCode.INVALID_GOAL, "multi-DOF trajectories and component tolerances are not supported"
        )
    return None
