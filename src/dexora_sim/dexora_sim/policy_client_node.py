"""Asks `policy_node` for runs, and hears how fast it answers.

| name | type | direction |
|---|---|---|
| `dexora/policy/run` | action dexora_msgs/RunPolicy | asked for |
| `dexora/policy/status`, `dexora/command/status` | PolicyStatus, CommandStatus | in |
| `dexora/perception/tokens` | VisualTokens | in, until the first |
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

from dexora_core.clock import NS_PER_S
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import SENSOR, STATUS
from rclpy.action import ActionClient

from dexora_msgs.action import RunPolicy
from dexora_msgs.msg import CommandStatus, PolicyStatus, VisualTokens
from dexora_sim.episode_report import Pace
from dexora_sim.policy_episodes import RunEnd

SILENT_NS = 10 * NS_PER_S
"""A policy node tells its status twice per second of wall time; one that says nothing for so long is gone."""
IDLE_STATUSES = 6
"""A policy node that told so often in a row that nothing runs knows nothing of a run: it was restarted."""
LEG = "capture_to_command"


class _Run:
    """One run: its goal once it is accepted, and its end."""

    handle: Any = None
    end: RunEnd | None = None
    is_cancelled = False


class PolicyClient:
    """Runs of the policy, one at a time; implements `dexora_sim.policy_episodes.Runner`.

    Args:
        node: The node that asks for them.
    """

    def __init__(self, node: ManagedNode[Any]) -> None:
        self._node = node
        self._goals: Any = node.own(ActionClient(node, RunPolicy, "dexora/policy/run"))
        self._run: _Run | None = None
        self._pace = Pace()
        self._policy: dict[str, str] = {}
        self._heard_ns: int | None = None
        self._idle = 0
        self._tokens: Any = None
        self._has_tokens = False

    def listen(self) -> None:
        """Subscribe; call it in `on_start`."""
        node = self._node
        node.create_subscription(PolicyStatus, "dexora/policy/status", self._on_policy, STATUS)
        node.create_subscription(CommandStatus, "dexora/command/status", self._on_command, STATUS)
        self._tokens = node.create_subscription(
            VisualTokens, "dexora/perception/tokens", self._on_tokens, SENSOR
        )

    @property
    def missing(self) -> str:
        """What keeps the policy from being asked; empty when nothing does."""
        if self._is_silent() or not self._goals.server_is_ready():
            return "policy_node"
        if not self._has_tokens:
            return "the first tokens of token_encoder_node, which needs a picture of every camera"
        if self._tokens is not None:  # large, and of no further use
            self._node.destroy_subscription(self._tokens)
            self._tokens = None
        return ""

    @property
    def end(self) -> RunEnd | None:
        """How the run ended; None while it is under way."""
        run = self._run
        if run is not None and run.end is None:
            run.end = self._lost()
        return None if run is None else run.end

    @property
    def pace(self) -> Pace:
        """How fast the policy answers in the present run."""
        return self._pace

    @property
    def policy(self) -> dict[str, str]:
        """Which policy it is: identity, engine, precision."""
        return self._policy

    def begin(self, instruction: str, timeout_s: float) -> None:
        """Begin a run.

        Args:
            instruction: What the policy shall do.
            timeout_s: When the run ends by itself [s].
        """
        run = self._run = _Run()
        self._pace, self._idle = Pace(), 0
        goal = RunPolicy.Goal(instruction=instruction, timeout=float(timeout_s))
        sent = self._goals.send_goal_async(goal, partial(self._on_feedback, run))
        sent.add_done_callback(self._node.guard(partial(self._on_accepted, run)))

    def cancel(self) -> None:
        """End the run; `end` says when it has."""
        run = self._run
        if run is not None and run.end is None:
            run.is_cancelled = True
            if run.handle is not None:
                run.handle.cancel_goal_async()

    def _lost(self) -> RunEnd | None:
        """Return the end of a run of which nobody will tell the end; None while somebody may."""
        if self._is_silent():
            return RunEnd("policy_node says nothing any more; look at its last words, and start it again.")
        return RunEnd("policy_node was started again.") if self._idle >= IDLE_STATUSES else None

    def _is_silent(self) -> bool:
        return self._heard_ns is None or time.monotonic_ns() - self._heard_ns > SILENT_NS

    def _on_accepted(self, run: _Run, sent: Any) -> None:
        run.handle = sent.result()
        if not run.handle.accepted:
            run.end = RunEnd("policy_node took no goal; look at its last words.")
            return
        if run.is_cancelled or run.end is not None or run is not self._run:
            run.handle.cancel_goal_async()
        ended = run.handle.get_result_async()
        ended.add_done_callback(self._node.guard(partial(self._on_ended, run)))

    def _on_ended(self, run: _Run, ended: Any) -> None:
        result = ended.result().result
        if run is self._run:
            self._pace = replace(self._pace, chunks=result.chunks)
        if run.end is None:
            run.end = RunEnd(result.reason, result.code)

    def _on_feedback(self, run: _Run, message: Any) -> None:
        if run is self._run:
            self._pace = replace(self._pace, chunks=message.feedback.chunks)

    def _on_policy(self, status: PolicyStatus) -> None:
        self._heard_ns = time.monotonic_ns()
        self._idle = 0 if status.instruction else self._idle + 1
        self._policy = {
            "policy": status.policy_id,
            "engine": status.engine,
            "precision": status.precision,
            "steps": str(status.steps),
        }
        if status.instruction and status.rate > 0.0:
            self._pace = replace(self._pace, rate_hz=float(status.rate))

    def _on_command(self, status: CommandStatus) -> None:
        for ages in status.ages:
            if ages.leg == LEG and self._pace.chunks:
                self._pace = replace(self._pace, age_p50_s=float(ages.p50), age_p95_s=float(ages.p95))

    def _on_tokens(self, _message: VisualTokens) -> None:
        self._has_tokens = True
