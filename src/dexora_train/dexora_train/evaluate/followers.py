"""What turns the motion wanted into the motion commanded, tick by tick: the gate, or nothing at all.

With the gate comes what the command path makes of an arm that does not do as it is told: it stops the robot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from dexora_core.clock import ns_to_s
from dexora_core.command_types import CommandConfig
from dexora_core.contract import RobotContract
from dexora_core.execution import ExecutionMonitor
from dexora_core.faults import Fault, Level
from dexora_core.gate import CommandGate
from dexora_core.motion.limits import FloatArray, MotionLimits
from dexora_core.stages import GateRequest
from dexora_core.timeline import Timeline

from dexora_train.evaluate.settings import EvaluationSettings


class Follower(Protocol):
    """Follows a timeline."""

    def tick(self, now_ns: int, timeline: Timeline, measured: FloatArray | None) -> Fault | None:
        """Look at the timeline and go on; return the fault that stops the robot.

        Args:
            now_ns: The present.
            timeline: What is wanted.
            measured: Where the joints are, shape (J,) [rad]; None when nobody has looked since the last tick.
        """

    def state_at(self, at_ns: int) -> FloatArray:
        """Return what is commanded: position, velocity, acceleration, shape (3, J)."""


class GateFollower:
    """The command gate: what is commanded stays inside all limits, and comes to rest without a chunk.

    An arm that stays too far from its command, or does not move when told to, stops the robot.

    Args:
        contract: The robot.
        lookahead_ns: How far ahead the goal of a tick lies [ns].
        position: Where the robot rests, shape (J,) [rad].
        now_ns: The present.
    """

    def __init__(self, contract: RobotContract, lookahead_ns: int, position: FloatArray, now_ns: int) -> None:
        self._lookahead_ns = lookahead_ns
        limits = MotionLimits.from_contract(contract)
        config = replace(CommandConfig.from_contract(contract).gate, lookahead_s=ns_to_s(lookahead_ns))
        self._gate = CommandGate(limits, contract.permutation, config, position, now_ns)
        self._execution = ExecutionMonitor.of_arms(contract)

    def tick(self, now_ns: int, timeline: Timeline, measured: FloatArray | None) -> Fault | None:
        """Let what is wanted pass the gate, and compare what was commanded with what is measured."""
        wanted = timeline.state_at(now_ns, now_ns + self._lookahead_ns)
        request = GateRequest(None) if wanted is None else GateRequest(*wanted)
        verdict = self._gate.step(now_ns, replace(request, measured=measured))
        faults = list(verdict.faults)
        if measured is not None:
            faults += self._execution.check(now_ns, verdict.state[0], measured)
        return next((fault for fault in faults if fault.level >= Level.SOFT_STOP), None)

    def state_at(self, at_ns: int) -> FloatArray:
        """Return the gate's plan at a time, shape (3, J)."""
        return self._gate.plan.state_at(at_ns)


class FreeFollower:
    """No gate: the target is what is wanted one tick ahead; without a chunk the last one stays.

    Args:
        tick_ns: Time between two ticks [ns].
        position: Where the robot rests, shape (J,) [rad].
    """

    def __init__(self, tick_ns: int, position: FloatArray) -> None:
        self._tick_ns = tick_ns
        self._state = np.zeros((3, len(position)))
        self._state[0] = position

    def tick(self, now_ns: int, timeline: Timeline, _measured: FloatArray | None) -> None:
        """Take what is wanted at the next tick; nothing stops the robot."""
        wanted = timeline.state_at(now_ns, now_ns + self._tick_ns)
        if wanted is None:
            self._state[1:] = 0.0
        else:
            self._state = wanted

    def state_at(self, _at_ns: int) -> FloatArray:
        """Return what was wanted last, shape (3, J)."""
        return self._state


def make_follower(
    contract: RobotContract, settings: EvaluationSettings, position: FloatArray, now_ns: int, tick_ns: int
) -> Follower:
    """Return the follower of the settings."""
    if settings.has_gate:
        return GateFollower(contract, settings.lookahead_ns, position, now_ns)
    return FreeFollower(tick_ns, position)
