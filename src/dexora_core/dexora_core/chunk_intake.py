"""The way of a chunk into the timeline: who sent it, is it well-formed, fresh, plausible, and of use."""

from __future__ import annotations

from dexora_core.arbiter import Arbiter
from dexora_core.chunk import ActionChunk, ChunkChecker, RawChunk
from dexora_core.errors import ChunkError
from dexora_core.failsafe import SafetyStatus
from dexora_core.faults import Fault, make_fault
from dexora_core.motion import Plan
from dexora_core.motion.limits import MotionLimits
from dexora_core.plausibility import swapped_sides
from dexora_core.stages.order import Permute
from dexora_core.supervision import Supervision
from dexora_core.timeline import Timeline


class ChunkIntake:
    """Asks every question about a chunk, cheapest first; every refusal is counted and reported.

    Args:
        limits: Limits of the robot.
        permute: Index array that brings columns named so into the contract's order; raises `ContractError`.
        arbiter: Who owns the robot.
        supervision: Where heartbeats, bad chunks and refusals are reported.
        timeline: Where accepted chunks go.
        lookahead_ns: How far ahead of the present a chunk takes effect.
    """

    def __init__(
        self,
        limits: MotionLimits,
        permute: Permute,
        *,
        arbiter: Arbiter,
        supervision: Supervision,
        timeline: Timeline,
        lookahead_ns: int,
    ) -> None:
        self._limits = limits
        self._checker = ChunkChecker(limits, permute)
        self._arbiter = arbiter
        self._supervision = supervision
        self._timeline = timeline
        self._lookahead_ns = lookahead_ns
        self.has_accepted = False

    def new_owner(self) -> None:
        """Forget that the source before had chunks accepted."""
        self.has_accepted = False

    def offer(self, now_ns: int, raw: RawChunk, plan: Plan, status: SafetyStatus) -> Fault | None:
        """Take a chunk or refuse it.

        Args:
            now_ns: Time of arrival.
            raw: The chunk.
            plan: What is commanded.
            status: What is allowed.

        Returns:
            Why it was refused, or a remark about an accepted one; None when there is nothing to say.
        """
        fault = self._arbiter.refuses(now_ns, raw.source, int(raw.epoch))
        if fault is not None:
            return self._discard(fault)
        self._supervision.heard(now_ns, raw.source, int(raw.sequence))
        if raw.source == "policy" and not status.takes_chunks:
            return self._discard(make_fault("DX-CHK-015", now_ns, raw.source, detail=status.faults[0].code))
        try:
            chunk = self._checker.check(raw, now_ns)
        except ChunkError as error:
            if error.code == "DX-CHK-001":
                self._supervision.bad_chunk(now_ns, raw.source)
            return self._discard(make_fault(error.code, now_ns, raw.source, detail=error.message))
        fault = self._supervision.camera_age(now_ns, chunk) or self._implausible(now_ns, chunk, plan)
        return self._discard(fault) if fault is not None else self._enter(now_ns, chunk, plan)

    def _enter(self, now_ns: int, chunk: ActionChunk, plan: Plan) -> Fault | None:
        at_ns = now_ns + self._lookahead_ns
        before = self._timeline.accepted
        remark = self._timeline.offer(now_ns, at_ns, chunk, plan.state_at(at_ns))
        if remark is not None:
            self._supervision.event(remark)
        if self._timeline.accepted > before and self._timeline.splice is not None:
            self.has_accepted = True
            self._supervision.jump(now_ns, chunk.source, float(self._timeline.splice.position_jump.max()))
        return remark

    def _implausible(self, now_ns: int, chunk: ActionChunk, plan: Plan) -> Fault | None:
        step = min(max((now_ns - chunk.start_ns) // chunk.step_ns, 0), chunk.horizon - 1)
        detail = swapped_sides(chunk.positions[step], plan.state_at(now_ns)[0], self._limits.groups)
        return make_fault("DX-CHK-010", now_ns, chunk.source, detail=detail) if detail else None

    def _discard(self, fault: Fault) -> Fault:
        self._timeline.discards[fault.code] += 1
        self._supervision.event(fault)
        return fault
