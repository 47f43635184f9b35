"""The robot's way from chunks to targets, in simulated time: scheduler, timeline and gate of the real nodes.

What the policy node does is done by its own `Scheduler`: when to infer, with which committed prefix, and
whether a result is still of use. What the command node does is done by its `Timeline`, `CommandGate` and
`ExecutionMonitor`, every 10 ms; joints are measured at each step of the environment, every 50 ms. Left out is
what needs a second process: the lease, heartbeats and ages, the least motion that must be left, and the
distance to a collision.
"""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.chunk import ActionChunk, ChunkStamps
from dexora_core.clock import NS_PER_MS
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from dexora_core.strategies import make_strategy
from dexora_core.timeline import Timeline
from dexora_policy.committed import CommittedMotion
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import Plan, Scheduler, SchedulerConfig

from dexora_train.evaluate.followers import Follower, make_follower
from dexora_train.evaluate.model import ChunkShape
from dexora_train.evaluate.settings import EvaluationSettings

TICK_NS = 10 * NS_PER_MS
REFILL_NS = 600 * NS_PER_MS
"""As the policy node's `refill_s`."""


@dataclass(frozen=True)
class _Coming:
    """A result on its way.

    Attributes:
        at_ns: When it arrives.
        plan: What was asked.
        answer: What came of it.
        measured: Where the robot was, shape (J,) [rad].
    """

    at_ns: int
    plan: Plan
    answer: Prediction | Fault
    measured: FloatArray


class CommandLoop:
    """Joins chunks by a strategy of the command path. One inference is under way at a time.

    Args:
        contract: The robot.
        shape: Time axis of the chunks.
        settings: How episodes are played.
        position: Where the robot rests, shape (J,) [rad].
        now_ns: The present; above 0.
    """

    def __init__(
        self,
        contract: RobotContract,
        shape: ChunkShape,
        settings: EvaluationSettings,
        position: FloatArray,
        now_ns: int,
    ) -> None:
        config = SchedulerConfig(
            step_ns=shape.step_ns,
            max_prefix_steps=shape.max_prefix_steps,
            period_ns=settings.period_ns(shape.n_action_steps * shape.step_ns),
            refill_ns=0 if settings.period_ms else REFILL_NS,
            lookahead_ns=settings.lookahead_ns,
        )
        self._shape, self._settings = shape, settings
        self._scheduler = Scheduler(config, CommittedMotion(config.lookahead_ns, settings.strategy))
        self._timeline = Timeline(make_strategy(settings.strategy))
        self._follower: Follower = make_follower(contract, settings, position, now_ns, TICK_NS)
        self._coming: _Coming | None = None
        self._least_ns = settings.period_ms * NS_PER_MS
        self._begun_ns = -self._least_ns
        self._sequence = 0
        self.end: Fault | None = None

    @property
    def discarded(self) -> int:
        """Chunks that were not used."""
        return sum(self._scheduler.discards.values()) + sum(self._timeline.discards.values())

    def wants(self, now_ns: int) -> Plan | None:
        """Return the inference to begin now; None when it is not time, or one is under way."""
        self._deliver(now_ns)
        is_early = self._coming is not None or now_ns - self._begun_ns < self._least_ns
        if is_early or not self._scheduler.is_due(now_ns, now_ns, now_ns):
            return None
        self._begun_ns = now_ns
        return self._scheduler.begin(now_ns, now_ns, now_ns)

    def answer(self, plan: Plan, answer: Prediction | Fault, measured: FloatArray) -> None:
        """Take what an inference gave; it arrives after the delay."""
        self._coming = _Coming(plan.begin_ns + self._settings.delay_ns, plan, answer, measured)

    def advance(self, now_ns: int, until_ns: int, measured: FloatArray) -> FloatArray:
        """Return where the joints shall be at `until_ns`, shape (J,) [rad]; they are now at `measured`."""
        for tick_ns in range(now_ns, until_ns, TICK_NS):
            self._deliver(tick_ns)
            stop = self._follower.tick(tick_ns, self._timeline, measured if tick_ns == now_ns else None)
            self.end = self.end or stop
        return self._follower.state_at(until_ns)[0]

    def _deliver(self, now_ns: int) -> None:
        """Do what policy node and command node do with a result that has arrived."""
        coming = self._coming
        if coming is None or coming.at_ns > now_ns:
            return
        self._coming = None
        answer, plan = coming.answer, coming.plan
        fault = answer if isinstance(answer, Fault) else None
        if isinstance(answer, Prediction):
            fault = self._scheduler.judge(coming.at_ns, plan, len(answer.positions))
        if fault is not None:
            self.end = self.end or self._scheduler.discarded(coming.at_ns, fault)
            return
        assert isinstance(answer, Prediction)
        chunk = self._chunk(coming.at_ns, plan, answer)
        self._scheduler.published(coming.at_ns, chunk, coming.measured)
        at_ns = now_ns + self._settings.lookahead_ns
        self._timeline.offer(now_ns, at_ns, chunk, self._follower.state_at(at_ns))

    def _chunk(self, now_ns: int, plan: Plan, answer: Prediction) -> ActionChunk:
        self._sequence += 1
        seen_ns = plan.start_ns
        return ActionChunk(
            source="policy",
            sequence=self._sequence,
            epoch=0,
            start_ns=seen_ns,
            step_ns=self._shape.step_ns,
            positions=answer.positions.astype(float),
            received_ns=now_ns,
            prefix_steps=len(plan.prefix),
            stamps=ChunkStamps(seen_ns, seen_ns, seen_ns, plan.begin_ns, now_ns),
        )
