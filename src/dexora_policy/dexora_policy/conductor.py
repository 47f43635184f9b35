"""What the policy node does with what it has: when a run may infer, and what becomes of each result.

Pure: no ROS, no clock, no thread. The node reports what happens and does what it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dexora_core.bundle import Bundle
from dexora_core.chunk import ActionChunk, ChunkStamps
from dexora_core.clock import s_to_ns
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray

from dexora_policy.joint_intake import JointIntake
from dexora_policy.policy_run import PolicyRun, RunEnd
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import Plan, Scheduler
from dexora_policy.token_intake import TokenIntake, Tokens

CLOCK_JUMPED, LEASE_CHANGED = "DX-POL-014", "DX-POL-015"


@dataclass(frozen=True, slots=True)
class Inference:
    """One inference to do.

    Attributes:
        plan: When its chunk starts, and what it continues.
        tokens: What the cameras see.
        positions: Measured positions in the contract's order, shape (J,) [rad].
        instruction: What is asked for.
        epoch: Lease under which it is done.
        generation: Changes with whatever makes a result void.
    """

    plan: Plan
    tokens: Tokens
    positions: FloatArray
    instruction: str
    epoch: int
    generation: int


class Conductor:
    """Follows one run after the other.

    Args:
        bundle: What infers.
        scheduler: When to infer.
        tokens: What the cameras see.
        joints: Where the robot is.
        period_ns: Time in which one missing input counts once [ns].
    """

    def __init__(
        self,
        bundle: Bundle,
        scheduler: Scheduler,
        tokens: TokenIntake,
        joints: JointIntake,
        period_ns: int,
    ) -> None:
        self._bundle_id, self._step_ns = bundle.bundle_id, s_to_ns(bundle.manifest.step_dt_s)
        self._scheduler, self._tokens, self._joints = scheduler, tokens, joints
        self._period_ns = period_ns
        self._generation = self._sequence = 0
        self._void = LEASE_CHANGED
        self._counted_ns: dict[str, int] = {}
        self.run: PolicyRun | None = None
        self.epoch: int | None = None
        self.end: RunEnd | None = None
        self.clamped = 0
        self.durations_s: Mapping[str, float] = {}

    @property
    def discards(self) -> Counter[str]:
        """Results and inputs that were not used, by fault code."""
        return self._scheduler.discards

    @property
    def late(self) -> int:
        """Results that came later than their prefix."""
        return self._scheduler.late

    def begin(self, run: PolicyRun) -> None:
        """Start a run; it infers once control is granted."""
        self._forget(LEASE_CHANGED)
        self.run, self.epoch, self.end = run, None, None

    def granted(self, epoch: int) -> None:
        """Note the lease under which chunks are sent from now on."""
        if epoch != self.epoch:
            self._forget(LEASE_CHANGED)
            self.epoch = epoch

    def stop(self) -> None:
        """End the run: results that are still to come are void."""
        self._forget(LEASE_CHANGED)
        self.run = self.epoch = None

    def clock_jumped(self) -> None:
        """Results under way, and the motion that was sent, belong to another time."""
        self._forget(CLOCK_JUMPED)

    def refused(self, now_ns: int, fault: Fault) -> None:
        """Count an input that is of no use, once per period and reason."""
        last_ns = self._counted_ns.get(fault.code)
        if last_ns is None or not 0 <= now_ns - last_ns < self._period_ns:
            self._counted_ns[fault.code] = now_ns
            self.discards[fault.code] += 1
        if self.run is not None:
            self.run.waiting(f"{fault.code}: {fault.sentence}")

    def is_ready(self, now_ns: int) -> bool:
        """Return whether a run is under way and everything that it needs is there and fresh."""
        if self.run is None:
            return False
        fault = self._tokens.check(now_ns) or self._joints.check(now_ns)
        if fault is not None:
            self.refused(now_ns, fault)
        return fault is None

    def next(self, now_ns: int) -> Inference | None:
        """Return the inference to begin now; None when there is none."""
        tokens, positions = self._tokens.newest, self._joints.positions
        if self.epoch is None or self.run is None or tokens is None or positions is None:
            return None
        stamp_ns, token_ns = self._joints.stamp_ns, tokens.encode_end_ns
        if not self._scheduler.is_due(now_ns, stamp_ns, token_ns) or not self.is_ready(now_ns):
            return None
        plan = self._scheduler.begin(now_ns, stamp_ns, token_ns)
        return Inference(plan, tokens, positions, self.run.instruction, self.epoch, self._generation)

    def finished(self, now_ns: int, job: Inference, answer: Prediction | Fault) -> ActionChunk | None:
        """Return the chunk to publish; None when the result is discarded, which may end the run (`end`).

        Args:
            now_ns: The present.
            job: What was asked.
            answer: What the policy gave, or why that is of no use.
        """
        if job.generation != self._generation or self.run is None:
            self.discards[self._void] += 1
            return None
        if isinstance(answer, Fault):
            self._discard(now_ns, answer)
            return None
        late = self._scheduler.judge(now_ns, job.plan, len(answer.positions))
        if late is not None:
            self._discard(now_ns, late)
            return None
        self.clamped += answer.clamped
        self.durations_s = answer.durations_s
        chunk = self._chunk(now_ns, job, answer)
        self._scheduler.published(now_ns, chunk, job.positions)
        self.run.published(now_ns, job.tokens.oldest_camera_ns)
        return chunk

    def failed(self, now_ns: int, detail: str) -> None:
        """Count an inference that failed and after which the next may succeed."""
        self._discard(now_ns, make_fault("DX-POL-016", now_ns, detail=detail))

    def _discard(self, now_ns: int, fault: Fault) -> None:
        end = self._scheduler.discarded(now_ns, fault)
        if self.run is not None:
            self.run.waiting(f"{fault.code}: {fault.sentence}")
        if end is not None:
            self.end = RunEnd.by(end)

    def _chunk(self, now_ns: int, job: Inference, answer: Prediction) -> ActionChunk:
        self._sequence += 1
        plan, tokens = job.plan, job.tokens
        stamps = ChunkStamps(
            tokens.oldest_camera_ns, tokens.encode_end_ns, plan.start_ns, plan.begin_ns, now_ns
        )
        return ActionChunk(
            "policy",
            self._sequence,
            job.epoch,
            plan.start_ns,
            self._step_ns,
            answer.positions.astype(float),
            now_ns,
            len(plan.prefix),
            self._bundle_id,
            job.instruction,
            stamps,
        )

    def _forget(self, why: str) -> None:
        self._generation += 1
        self._void = why
        self._scheduler.restart()
