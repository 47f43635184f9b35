"""The command path of one robot: arbiter, timeline, gate and stop ladder, composed into one tick.

Pure: no ROS, no clock, no thread. The node feeds what arrives through the methods named after it, calls
`tick` at its period and sends the trajectories that come back. All times are on one monotonic clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from dexora_core.arbiter import HOLD, Arbiter, Grant
from dexora_core.chunk import RawChunk
from dexora_core.chunk_intake import ChunkIntake
from dexora_core.clearance_watch import ClearanceWatch
from dexora_core.clock import s_to_ns
from dexora_core.command_types import CommandConfig, CommandOutput, ResetResult, TickInputs
from dexora_core.contract import RobotContract
from dexora_core.coupling import GroupMode, group_modes
from dexora_core.dispatch import Dispatcher
from dexora_core.execution import ExecutionMonitor
from dexora_core.failsafe import Failsafe, SafetyStatus
from dexora_core.faults import Fault
from dexora_core.gate import CommandGate
from dexora_core.intent import asked_of, asked_of_action, intent
from dexora_core.joint_state import JointStateMonitor, contract_indices
from dexora_core.motion import MotionLimits
from dexora_core.motion.limits import FloatArray
from dexora_core.path_status import PathStatus
from dexora_core.stages import Clearance, GateRequest, Verdict
from dexora_core.strategies import make_strategy
from dexora_core.supervision import Supervision
from dexora_core.timeline import Timeline
from dexora_core.trajectory import Points

_MOVING_RAD_S = 1e-6
_REST_S = 0.25
"""How long a group at rest is told to stay: a message that is later than this is stale for its controller."""
_TRACKING = "DX-GAT-007"


class CommandPath:
    """The only way from a chunk to a joint.

    Args:
        contract: The robot.
        config: Settings; `CommandConfig.from_contract` gives those of the contract.
        position: Measured positions in the contract's order, shape (J,) [rad]; the robot rests there.
        now_ns: The present.
        epoch: First lease epoch; a restarted node starts higher than its predecessor ended.

    Raises:
        TrajectoryError: The robot is outside its limits by more than the tolerance.
    """

    def __init__(
        self,
        contract: RobotContract,
        config: CommandConfig,
        position: FloatArray,
        now_ns: int,
        epoch: int = 0,
    ) -> None:
        self.limits = MotionLimits.from_contract(contract)
        self.config = config
        self.arbiter = Arbiter(epoch)
        self.failsafe = Failsafe(config.failsafe)
        self.supervision = Supervision(config)
        self.timeline = Timeline(make_strategy(config.strategy), config.timeline)
        self.gate = CommandGate(self.limits, contract.permutation, config.gate, position, now_ns)
        self.joints = JointStateMonitor(self.limits, contract_indices(contract), config.joint_state)
        self._kinds = {group.name: group.kind for group in contract.groups}
        self._lookahead_ns = s_to_ns(config.gate.lookahead_s)
        self._intake = ChunkIntake(
            self.limits,
            contract.permutation,
            arbiter=self.arbiter,
            supervision=self.supervision,
            timeline=self.timeline,
            lookahead_ns=self._lookahead_ns,
        )
        self._execution = ExecutionMonitor.of_arms(contract)
        self._clearances = ClearanceWatch(config.clearance, config.needs_clearance, now_ns)
        self._action: tuple[int, Points] | None = None
        self._dispatcher = Dispatcher(self.limits, config.max_rate_hz, _REST_S)
        self._clamps: Counter[str] = Counter()
        self._status = self.failsafe.update(now_ns, [])
        self._verdict: Verdict | None = None
        self._is_moving = self._is_external = False
        self._ticks = 0
        self.joints.arm(now_ns)
        self.supervision.activate(now_ns)

    @property
    def safety(self) -> SafetyStatus:
        """What the last tick allowed, and why."""
        return self._status

    def offer_chunk(self, now_ns: int, raw: RawChunk) -> Fault | None:
        """Take a chunk or refuse it.

        Returns:
            Why it was refused, or a remark about an accepted one; None when there is nothing to say.
        """
        return self._intake.offer(now_ns, raw, self.gate.plan, self._status)

    def joint_state(
        self, now_ns: int, names: Sequence[str], positions: ArrayLike, stamp_ns: int | None = None
    ) -> Fault | None:
        """Take a joint state of one or more whole groups; return why it was discarded, if it was."""
        fault = self.joints.update(now_ns, names, positions, stamp_ns)
        if fault is not None:
            self.supervision.event(fault)
        return fault

    def clearance(self, now_ns: int, clearance: Clearance) -> None:
        """Take the newest result of the collision check beside the tick."""
        self._clearances.take(now_ns, clearance)

    def intent(self, now_ns: int) -> FloatArray:
        """Return what the collision check is to judge, see `intent.intent`; after a tick, at its time."""
        asked = np.empty((0, self.limits.count))
        if self._action is not None:
            asked = asked_of_action(self._action[1], self._action[0], now_ns)
        elif self.arbiter.owner != HOLD and not self._is_external:
            asked = asked_of(self.timeline, now_ns + self._lookahead_ns)
        return intent(self.gate.plan, now_ns, asked)

    def acquire(self, now_ns: int, source: str, holder: str) -> Grant:
        """Ask for control; a granted lease ends soft stops whose condition has gone."""
        forbidden = self.failsafe.refuses_lease()
        if forbidden is None and source == "teleop" and self.config.needs_deadman:
            forbidden = self.supervision.deadman.refuses_enable(now_ns)
        grant = self.arbiter.acquire(now_ns, source, holder, forbidden)
        if grant.changed:
            self.failsafe.lease_granted()
            self._owner_changed(now_ns)
        return grant

    def renew(self, now_ns: int, source: str, holder: str) -> Grant:
        """Confirm a lease."""
        return self.arbiter.renew(now_ns, source, holder)

    def release(self, now_ns: int, source: str, holder: str) -> Grant:
        """Give control back; the robot holds then."""
        if (grant := self.arbiter.release(now_ns, source, holder)).changed:
            self._owner_changed(now_ns)
        return grant

    def reset(
        self, now_ns: int, codes: Sequence[str], operator_name: str, self_test_ok: bool = True
    ) -> ResetResult:
        """Acknowledge faults as an operator; motion needs a fresh lease afterwards.

        A tracking error ends by it: the robot then rests where it was measured. Joints without a tracking
        bound, the hands, keep their set-points and with them their grip.
        """
        if not operator_name.strip():
            return ResetResult(False, tuple(codes), "A reset needs the operator's name; it is recorded.")
        measured, tracks = (
            self.joints.positions,
            any(fault.code == _TRACKING for fault in self._status.faults),
        )
        if tracks and measured is not None and self.gate.settle(now_ns, measured):
            self.failsafe.withdraw(_TRACKING)
            self._begin_anew()
        left = self.failsafe.reset(codes, self_test_ok)
        if not left:
            return ResetResult(True, (), "Nothing stops the robot any more; ask for control to move it.")
        why = (
            "their condition still holds" if self_test_ok else "their condition holds or the self-test failed"
        )
        return ResetResult(False, left, f"Still active: {', '.join(left)}; {why}, or they were not named.")

    def restart(self, now_ns: int, position: FloatArray) -> None:
        """Start again at rest from measured positions, after an action or a power cut moved the robot.

        Raises:
            TrajectoryError: The robot is outside its limits by more than the tolerance.
        """
        self.timeline.clear()
        self._begin_anew()
        self.gate.reset(now_ns, position)

    def set_external(self, now_ns: int, is_external: bool, motion: Points | None = None) -> None:
        """Tell whether an action of the controllers moves the robot; the owner should be homing then.

        Meanwhile the path sends nothing and follows what is measured; faults are still found, and the node
        must cancel the action as soon as `safety.may_move` is false. Afterwards the path starts from the
        measured positions, or from those given to `restart`. `motion` is what the action does from now on.
        """
        self._is_external = is_external
        self._action = (now_ns, motion) if is_external and motion is not None else None
        self._clearances.asked(now_ns, self._action is not None)
        self.timeline.clear()
        self._begin_anew()
        self._follow_measured(now_ns)

    def tick(self, now_ns: int, inputs: TickInputs | None = None) -> CommandOutput:
        """Do one tick: watch, decide, sample, gate, and return what is to be sent.

        Args:
            now_ns: The present.
            inputs: What only the node knows.
        """
        self._ticks += 1
        status = self._judge(now_ns, inputs or TickInputs())
        dead = self.joints.dead_groups(now_ns)
        modes = group_modes(status.level, dead, self._kinds)
        if self._is_external:
            self._follow_measured(now_ns)
        verdict = self.gate.step(now_ns, self._request(now_ns, status, modes))
        self._verdict = verdict
        self._is_moving = bool(np.abs(verdict.state[1]).max() > _MOVING_RAD_S)
        self._clamps.update(verdict.acted.keys())
        sent = {} if self._is_external else self._dispatcher.trajectories(self.gate.plan, now_ns, modes)
        owner, epoch = self.arbiter.owner, self.arbiter.epoch
        return CommandOutput(
            now_ns, sent, verdict.state, modes, status, verdict, owner, epoch, self._is_moving
        )

    def status(self, now_ns: int) -> PathStatus:
        """Return how the path is doing; cheap enough for ten times per second."""
        return PathStatus.of(self.timeline, now_ns + self._lookahead_ns, self._clamps, self._ticks)

    def _follow_measured(self, now_ns: int) -> None:
        measured = self.joints.positions
        if measured is not None:
            self.gate.follow(now_ns, measured)

    def _begin_anew(self) -> None:
        """Forget the last command and what came of it: the next one is no motion from there."""
        self._verdict = None
        self._execution.clear()

    def _owner_changed(self, now_ns: int) -> None:
        self.timeline.new_owner()
        self.supervision.owner_changed(now_ns, self.arbiter.owner)
        self._intake.new_owner()

    def _judge(self, now_ns: int, inputs: TickInputs) -> SafetyStatus:
        """Collect what holds now, climb the ladder, and take the lease away from L2 on."""
        present = self.supervision.conditions(now_ns, inputs, self.arbiter.owner)
        present.extend(self.joints.check(now_ns))
        present.extend(self._clearances.silence(now_ns))
        if self._action is not None:
            present.extend(self._clearances.collision(now_ns))
        if self._verdict is not None:
            present.extend(self._verdict.faults)
            if not self._is_external:
                present.extend(self._execution.check(now_ns, self._verdict.state[0], self.joints.positions))
        if self.arbiter.owner == "policy" and self._intake.has_accepted:
            present.extend(self.supervision.starving(now_ns, self.timeline.buffered_ns(now_ns)))
        self._status = self.failsafe.update(now_ns, present, is_at_rest=not self._is_moving)
        if not self._status.may_move and self.arbiter.revoke():
            self._owner_changed(now_ns)
        return self._status

    def _request(self, now_ns: int, status: SafetyStatus, modes: dict[str, GroupMode]) -> GateRequest:
        measured = self.joints.positions
        if not status.may_move or self.arbiter.owner == HOLD:
            self._clearances.asked(now_ns, False)
            return GateRequest(None, measured=measured)
        at_ns = now_ns + self._lookahead_ns
        wanted = self.timeline.state_at(now_ns, at_ns)
        self._clearances.asked(now_ns, wanted is not None or self._action is not None)
        if self._clearances.is_waiting or self.supervision.is_waiting(now_ns, self.arbiter.owner):
            self.timeline.rejoin(at_ns, self.gate.plan.state_at(at_ns))
            wanted = None
        if wanted is None:
            return GateRequest(None, measured=measured)
        stop = np.zeros(self.limits.count, dtype=bool)
        for group, mode in modes.items():
            stop[self.limits.groups[group]] = mode is not GroupMode.RUN
        request = GateRequest(wanted[0], wanted[1], wanted[2], stop=stop, speed_scale=status.speed_scale)
        return replace(request, measured=measured, clearance=self._clearances.newest)
