"""Runs of the policy, and what others may ask of them.

| name | type |
|---|---|
| `dexora/policy/run` | action dexora_msgs/RunPolicy; one run at a time |
| `dexora/policy/set_instruction` | service dexora_msgs/SetInstruction; while a run is under way |

A goal that is refused is accepted and aborted at once, so that its client receives the code and the sentence.
A run whose time is over has succeeded as a goal: nobody but the client knows whether the task is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import s_to_ns
from dexora_core.errors import ConfigError, DexoraError
from dexora_core.refusal import refusal
from dexora_ros.managed_node import ManagedNode
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future

from dexora_msgs.action import RunPolicy
from dexora_msgs.srv import SetInstruction
from dexora_policy.conductor import Conductor
from dexora_policy.instruction_gate import InstructionGate
from dexora_policy.policy_parameters import PolicyParameters
from dexora_policy.policy_run import Outcome, PolicyRun, RunEnd

LONGEST_S = 1e6


@dataclass(eq=False)
class _Goal:
    """An accepted goal, the future that its coroutine waits for, and the run that it began."""

    handle: Any
    outcome: Any
    run: PolicyRun | None = None


class PolicyRuns:
    """Begins and ends runs, for clients of the action and for the node itself.

    Args:
        node: The node that offers them.
        conductor: Follows the run.
        gate: Checks instructions.
        now_ns: Returns the present in the node's time [ns].
        on_change: Called with the instruction in force, and with an empty one after the end of a run.
    """

    def __init__(
        self,
        node: ManagedNode[PolicyParameters],
        conductor: Conductor,
        gate: InstructionGate,
        now_ns: Callable[[], int],
        on_change: Callable[[str], None],
    ) -> None:
        self._node, self._conductor, self._gate = node, conductor, gate
        self._now_ns, self._on_change = now_ns, on_change
        self._patience_ns = s_to_ns(node.parameters.patience_s)
        self._goals: list[_Goal] = []
        self._feedback = RunPolicy.Feedback()
        node.create_service(SetInstruction, "dexora/policy/set_instruction", self._on_instruction)
        node.own(
            ActionServer(
                node,
                RunPolicy,
                "dexora/policy/run",
                execute_callback=node.guard(self._on_execute),
                goal_callback=node.guard(_accept),
                handle_accepted_callback=node.guard(self._on_accepted),
                cancel_callback=node.guard(self._on_cancel, fallback=lambda _goal: CancelResponse.REJECT),
            )
        )

    def begin_at_start(self, instruction: str) -> None:
        """Begin a run without end that waits for everything that it needs.

        Raises:
            InstructionError: The instruction is refused. Written in a launch file it counts as confirmed.
        """
        text = self._gate.check(instruction, time.monotonic_ns(), is_confirmed=True).text
        self._begin(PolicyRun(text, self._now_ns(), 0, 0))

    def finish(self, end: RunEnd) -> None:
        """End the run that is under way; the robot holds."""
        run = self._conductor.run
        if run is None:
            return
        self._conductor.stop()
        self._on_change("")
        for goal in self._goals:
            if goal.run is run:
                _settle(goal, end)
        told = " ".join(
            f"'{run.instruction}' ended after {run.chunks} chunks: {end.code} {end.reason}".split()
        )
        if end.code:  # rclpy remembers the severity of every line that logs
            self._node.get_logger().error(told)
        else:
            self._node.get_logger().info(told)

    def close(self, reason: str) -> None:
        """End everything before the node goes down."""
        self.finish(RunEnd(Outcome.CANCELLED, reason))
        for goal in self._goals:
            _settle(goal, RunEnd(Outcome.CANCELLED, reason))

    def tell_progress(self, status: str) -> None:
        """Send the progress of the run to whoever asked for it.

        Args:
            status: One sentence.
        """
        run, message = self._conductor.run, self._feedback
        if run is None:
            return
        message.elapsed, message.chunks = run.elapsed_s(self._now_ns()), run.chunks
        message.capture_to_chunk_p50, message.capture_to_chunk_p99 = run.age_s(50), run.age_s(99)
        message.status = status
        for goal in self._goals:
            if goal.run is run:
                goal.handle.publish_feedback(message)

    def _start(self, request: RunPolicy.Goal) -> PolicyRun:
        """Begin a run for a client; `DexoraError` says why not."""
        detail, run = "", self._conductor.run
        if not self._node.is_active:
            detail = "policy_node is not active; activate it first"
        elif run is not None:
            detail = f"'{run.instruction}' is under way; cancel it first"
        elif not 0.0 <= request.timeout <= LONGEST_S:
            detail = f"timeout is {request.timeout} s, it must lie between 0 and {LONGEST_S:g}"
        if detail:
            raise refusal(ConfigError, "DX-POL-021", detail=detail)
        text = self._gate.check(request.instruction, time.monotonic_ns()).text
        return self._begin(PolicyRun(text, self._now_ns(), s_to_ns(request.timeout), self._patience_ns))

    def _begin(self, run: PolicyRun) -> PolicyRun:
        self._conductor.begin(run)
        self._on_change(run.instruction)
        self._node.get_logger().info(f"runs '{run.instruction}'")
        return run

    def _on_accepted(self, handle: Any) -> None:
        goal = _Goal(handle, Future(executor=self._node.executor))
        self._goals.append(goal)
        try:
            goal.run = self._start(handle.request)
        except DexoraError as refused:
            _settle(goal, RunEnd(Outcome.REFUSED, refused.message, refused.code))
        handle.execute()

    async def _on_execute(self, handle: Any) -> RunPolicy.Result:
        goal = next(goal for goal in self._goals if goal.handle is handle)
        end: RunEnd = await goal.outcome
        self._goals.remove(goal)
        if end.outcome is Outcome.CANCELLED and handle.is_cancel_requested:
            handle.canceled()
        elif end.outcome is Outcome.TIMED_OUT:
            handle.succeed()
        else:
            handle.abort()
        result = RunPolicy.Result(outcome=getattr(RunPolicy.Result, end.outcome.name))
        result.code, result.reason = end.code, end.reason
        if goal.run is not None:
            result.chunks, result.duration = goal.run.chunks, goal.run.elapsed_s(self._now_ns())
        return result

    def _on_cancel(self, handle: Any) -> CancelResponse:
        run = self._conductor.run
        if run is not None and any(goal.handle is handle and goal.run is run for goal in self._goals):
            self.finish(RunEnd(Outcome.CANCELLED, "The client of the action cancelled it."))
        return CancelResponse.ACCEPT

    def _on_instruction(
        self, request: SetInstruction.Request, response: SetInstruction.Response
    ) -> SetInstruction.Response:
        try:
            text = self._change(request.instruction)
        except DexoraError as refused:
            response.code, response.message = refused.code, refused.message
            return response
        response.accepted, response.message = True, f"'{text}' is in force from the next chunk on"
        return response

    def _change(self, instruction: str) -> str:
        run = self._conductor.run
        if run is None:
            raise refusal(ConfigError, "DX-POL-021", detail="no run is under way; start one with RunPolicy")
        run.instruction = self._gate.check(instruction, time.monotonic_ns()).text
        self._on_change(run.instruction)
        return run.instruction


def _accept(_goal: RunPolicy.Goal) -> GoalResponse:
    """Take every goal; one that cannot be run is told why."""
    return GoalResponse.ACCEPT


def _settle(goal: _Goal, end: RunEnd) -> None:
    if not goal.outcome.done():
        goal.outcome.set_result(end)
