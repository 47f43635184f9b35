"""Who moves the robot in an episode: when the model is asked, and what becomes of its chunks over time."""

from __future__ import annotations

from typing import Protocol

from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import Plan

from dexora_train.evaluate.command_loop import CommandLoop
from dexora_train.evaluate.model import ChunkShape
from dexora_train.evaluate.released_loop import ReleasedLoop
from dexora_train.evaluate.settings import RELEASE, EvaluationSettings


class Loop(Protocol):
    """Asks for chunks and turns them into joint targets."""

    @property
    def end(self) -> Fault | None:
        """Why the run was given up; None while it goes on."""

    @property
    def discarded(self) -> int:
        """Chunks that were not used."""

    def wants(self, now_ns: int) -> Plan | None:
        """Return the inference to begin now; None when it is not time."""

    def answer(self, plan: Plan, answer: Prediction | Fault, measured: FloatArray) -> None:
        """Take what an inference gave; it is of use only after the delay."""

    def advance(self, now_ns: int, until_ns: int, measured: FloatArray) -> FloatArray:
        """Return where the joints shall be at `until_ns`, shape (J,) [rad].

        Args:
            now_ns: The present.
            until_ns: End of this step of the environment.
            measured: Where the joints are now, shape (J,) [rad].
        """


def make_loop(
    contract: RobotContract,
    shape: ChunkShape,
    settings: EvaluationSettings,
    position: FloatArray,
    now_ns: int,
) -> Loop:
    """Return the loop of a strategy.

    Args:
        contract: The robot.
        shape: Time axis of the chunks.
        settings: How episodes are played.
        position: Where the robot rests, shape (J,) [rad].
        now_ns: The present.
    """
    if settings.strategy == RELEASE:
        return ReleasedLoop(settings.delay_ns, position)
    return CommandLoop(contract, shape, settings, position, now_ns)
