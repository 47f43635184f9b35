"""Going to a pose or home: an action of the command node, executed by the controllers' actions, watched.

`dexora/command/go_to` is a `FollowJointTrajectory`: the last point is the pose, for all joints or some of
them; without a point the robot goes home. The command node plans a motion from rest to rest inside the
limits, takes the lease for `homing`, hands each controller its part and streams nothing meanwhile. It cancels
all parts when the client cancels, when one controller refuses or aborts, and when anything stops the robot.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from control_msgs.action import FollowJointTrajectory
from dexora_core.command_path import CommandPath
from dexora_core.contract import RobotContract
from dexora_core.errors import DexoraError, TrajectoryError
from dexora_core.faults import make_fault
from dexora_core.goto import go_to
from dexora_core.motion.limits import FloatArray
from dexora_core.trajectory import Points
from dexora_ros.command_messages import TrajectoryFiller
from dexora_ros.managed_node import ManagedNode
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse

SOURCE = "homing"


class Mover(Protocol):
    """What going to a pose needs of the command node."""

    @property
    def path(self) -> CommandPath | None:
        """The command path; None while the node is not active."""

    @property
    def now_ns(self) -> int:
        """The present in path time [ns]."""


class GoTo:
    """Offers the action.

    Args:
        node: The command node.
        contract: The robot.
        mover: The path and its time; the node itself.
        speed_scale: Share of the velocity limits to use.
    """

    def __init__(self, node: ManagedNode, contract: RobotContract, mover: Mover, speed_scale: float) -> None:
        self._name, self._contract, self._mover = node.get_name(), contract, mover
        self._scale = speed_scale
        self._parts: list[Any] = []
        self._is_busy = self._is_cancelled = False
        self._cancelled = 0
        self._controllers: dict[str, Any] = {
            group.name: node.own(
                ActionClient(node, FollowJointTrajectory, f"{group.controller}/follow_joint_trajectory")
            )
            for group in contract.groups
        }
        self._server = node.own(
            ActionServer(
                node,
                FollowJointTrajectory,
                "dexora/command/go_to",
                execute_callback=node.guard(self._on_execute),
                goal_callback=lambda _goal: GoalResponse.REJECT if self._is_busy else GoalResponse.ACCEPT,
                cancel_callback=self._on_cancel,
            )
        )

    def watch(self) -> None:
        """Cancel everything as soon as the robot may not move; cheap, to be called often."""
        path = self._mover.path
        if self._is_busy and (path is None or not path.safety.may_move or path.arbiter.owner != SOURCE):
            self._cancel_parts()

    async def _on_execute(self, handle: Any) -> FollowJointTrajectory.Result:
        path = self._mover.path
        if path is None:
            return self._end(handle, "command_node is not active; activate it first")
        grant = path.acquire(self._mover.now_ns, SOURCE, self._name)
        if not grant.granted or grant.fault is not None:
            return self._end(handle, grant.fault.sentence if grant.fault else "control was refused")
        self._is_busy, self._is_cancelled, self._cancelled = True, False, 0
        try:
            plan = self._plan(path, handle.request)
            path.set_external(self._mover.now_ns, True, plan)
            trouble = await self._execute(plan)
            reason = trouble or ("cancelled" if self._is_cancelled else "")
        except DexoraError as error:
            trouble, reason = "", str(error)
        finally:
            self._finish(path)
        if trouble and path.safety.may_move:
            fault = make_fault("DX-GRP-003", self._mover.now_ns, SOURCE, detail=trouble)
            path.supervision.event(fault)
        return self._end(handle, reason)

    def _plan(self, path: CommandPath, goal: FollowJointTrajectory.Goal) -> Points:
        start = path.joints.positions
        if start is None:
            raise TrajectoryError("not every joint has been seen", code="DX-CMD-005")
        target = self._target(goal, start)
        return go_to(path.limits, np.clip(start, path.limits.lower, path.limits.upper), target, self._scale)

    def _target(self, goal: FollowJointTrajectory.Goal, start: FloatArray) -> FloatArray:
        points = goal.trajectory.points
        if not points:
            return np.asarray(self._contract.home_rad)
        names, wanted = list(goal.trajectory.joint_names), points[-1].positions
        if len(names) != len(wanted):
            text = f"{len(wanted)} positions for {len(names)} joint names"
            raise TrajectoryError(text, code="DX-CMD-005")
        target = start.copy()
        known = {name: index for index, name in enumerate(self._contract.joint_names)}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise TrajectoryError(f"unknown joints: {', '.join(unknown)}", code="DX-CMD-005")
        target[[known[name] for name in names]] = wanted
        return target

    async def _execute(self, plan: Points) -> str:
        """Return what a controller did wrong; empty when every one arrived, or was cancelled by us."""
        sent = []
        for group, client in self._controllers.items():
            goal = FollowJointTrajectory.Goal(trajectory=self._part(group, plan))
            sent.append((group, client.send_goal_async(goal)))
        trouble = ""
        for group, future in sent:
            part = await future
            if part is None or not part.accepted:
                trouble = trouble or f"{group} rejected its part"
            else:
                self._parts.append(part)
        if trouble or self._is_cancelled:
            self._cancel_parts()
        for future in [part.get_result_async() for part in self._parts]:
            answer = await future
            result = None if answer is None else answer.result
            if result is None or result.error_code == result.SUCCESSFUL or self._is_cancelled:
                continue
            trouble = result.error_string or f"error {result.error_code}"
            self._cancel_parts()
        return trouble

    def _part(self, group: str, plan: Points) -> Any:
        index = self._contract.group_indices(group)
        columns = (plan.position[:, index], plan.velocity[:, index], plan.acceleration[:, index])
        filler = TrajectoryFiller(self._contract.group_joints(group))
        points = Points(plan.times_s, *(np.ascontiguousarray(column) for column in columns))
        return filler.fill(points, 0)

    def _on_cancel(self, _goal: Any) -> CancelResponse:
        self._cancel_parts()
        return CancelResponse.ACCEPT

    def _cancel_parts(self) -> None:
        """Cancel what runs; parts that a controller accepts after this are cancelled then."""
        self._is_cancelled = True
        for part in self._parts[self._cancelled :]:
            part.cancel_goal_async()
        self._cancelled = len(self._parts)

    def _finish(self, path: CommandPath) -> None:
        now_ns = self._mover.now_ns
        path.set_external(now_ns, False)
        path.release(now_ns, SOURCE, self._name)
        self._parts = []
        self._is_busy = False

    @staticmethod
    def _end(handle: Any, reason: str) -> FollowJointTrajectory.Result:
        result = FollowJointTrajectory.Result(error_string=reason or "arrived")
        result.error_code = result.SUCCESSFUL if not reason else result.INVALID_GOAL
        if not reason:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result
