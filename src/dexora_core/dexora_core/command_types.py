"""Settings, inputs and outputs of the command path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dexora_core.clock import NS_PER_MS, NS_PER_S, s_to_ns
from dexora_core.contract import RobotContract
from dexora_core.contract.specs import AgeLimit
from dexora_core.coupling import GroupMode
from dexora_core.failsafe import FailsafeConfig, SafetyStatus
from dexora_core.faults import Fault
from dexora_core.gate import GateConfig
from dexora_core.joint_state import JointStateConfig
from dexora_core.motion.limits import FloatArray
from dexora_core.stages import Verdict
from dexora_core.timeline import TimelineConfig
from dexora_core.trajectory import Points


@dataclass(frozen=True, slots=True)
class AgeBounds:
    """Ages of one signal that degrade and stop [ns]."""

    warn_ns: int
    stop_ns: int

    @classmethod
    def of(cls, limit: AgeLimit) -> AgeBounds:
        """Take the bounds of the contract; a missing one never acts."""
        never = 10**6 * NS_PER_S
        warn = never if limit.warn_s is None else s_to_ns(limit.warn_s)
        return cls(warn, never if limit.stop_s is None else s_to_ns(limit.stop_s))


@dataclass(frozen=True)
class CommandConfig:
    """Settings of the command path.

    Attributes:
        strategy: How overlapping chunks are joined: replay, ensemble, queue, blend or prefix.
        gate: Settings of the gate.
        timeline: Settings of the timeline.
        failsafe: Settings of the stop ladder.
        joint_state: Bounds of the joint state.
        tick: Lateness that degrades; three such ticks in the window below, or one beyond stop, stop.
        policy: Silence of the policy.
        teleop: Silence of teleoperation.
        watchdog: Silence of the watchdog.
        clearance: Ages of the collision check's result that slow and stop.
        deadman_ns: Largest age of the deadman signal [ns].
        camera_no_chunk_ns: A chunk made from an older camera image is refused [ns].
        camera_stop_ns: A chunk made from an older camera image stops the robot [ns].
        min_buffered_ns: With less motion left the policy counts as lost [ns]; 0 never.
        needs_deadman: Whether teleoperation needs the deadman switch.
        needs_watchdog: Whether the watchdog must be alive.
        needs_clearance: Whether the collision check must be alive.
        max_rate_hz: Highest rate of messages by group; missing groups have none.
        missed_window_ns: Time in which missed ticks are counted [ns].
        bad_chunks: So many chunks with NaN within `bad_window_ns` latch.
        bad_window_ns: Time in which bad chunks are counted [ns].
        jump_rad: A chunk that starts further from the motion in force is a jump; several in 1 s stop [rad].
    """

    strategy: str = "prefix"
    gate: GateConfig = field(default_factory=GateConfig)
    timeline: TimelineConfig = field(default_factory=TimelineConfig)
    failsafe: FailsafeConfig = field(default_factory=FailsafeConfig)
    joint_state: JointStateConfig = field(default_factory=JointStateConfig)
    tick: AgeBounds = AgeBounds(15 * NS_PER_MS, 30 * NS_PER_MS)
    policy: AgeBounds = AgeBounds(150 * NS_PER_MS, 300 * NS_PER_MS)
    teleop: AgeBounds = AgeBounds(60 * NS_PER_MS, 100 * NS_PER_MS)
    watchdog: AgeBounds = AgeBounds(10**6 * NS_PER_S, 100 * NS_PER_MS)
    clearance: AgeBounds = AgeBounds(100 * NS_PER_MS, 250 * NS_PER_MS)
    deadman_ns: int = 50 * NS_PER_MS
    camera_no_chunk_ns: int = 150 * NS_PER_MS
    camera_stop_ns: int = 500 * NS_PER_MS
    min_buffered_ns: int = 200 * NS_PER_MS
    needs_deadman: bool = False
    needs_watchdog: bool = False
    needs_clearance: bool = False
    max_rate_hz: Mapping[str, float] = field(default_factory=dict)
    missed_window_ns: int = 100 * NS_PER_MS
    bad_chunks: int = 3
    bad_window_ns: int = 10 * NS_PER_S
    jump_rad: float = 0.5

    @classmethod
    def from_contract(cls, contract: RobotContract, **changes: object) -> CommandConfig:
        """Take ages, rates and bounds from the contract, and `changes` over them.

        Joints of hands have no tracking bound: a finger in a grasp is meant to be held off its command.
        """
        ages = contract.ages
        bound = np.full(len(contract.joints), 0.3)
        for group in contract.groups:
            if group.kind == "hand":
                bound[contract.group_indices(group.name)] = np.inf
        joints = AgeBounds.of(ages.joint_states)
        deadman, camera = AgeBounds.of(ages.deadman), AgeBounds.of(ages.camera)
        rates = {group.name: group.max_rate_hz for group in contract.groups if group.max_rate_hz}
        no_chunk_s = ages.camera.no_chunk_s
        values: dict[str, object] = {
            "gate": GateConfig(tracking_bound_rad=bound),
            "joint_state": JointStateConfig(joints.warn_ns, joints.stop_ns, 2 * joints.stop_ns),
            "tick": AgeBounds.of(ages.tick),
            "policy": AgeBounds.of(ages.policy),
            "teleop": AgeBounds.of(ages.teleop),
            "watchdog": AgeBounds.of(ages.watchdog),
            "deadman_ns": deadman.stop_ns,
            "camera_no_chunk_ns": camera.stop_ns if no_chunk_s is None else s_to_ns(no_chunk_s),
            "camera_stop_ns": camera.stop_ns,
            "min_buffered_ns": 0
            if changes.get("strategy") == "replay"
            else s_to_ns(ages.min_buffered_horizon_s),
            "max_rate_hz": rates,
        }
        return cls(**{**values, **changes})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class TickInputs:
    """What the node knows in a tick and the command path cannot.

    Attributes:
        lateness_ns: How late this tick started [ns].
        conditions: Faults of the node's own whose condition holds now, such as an intruder.
    """

    lateness_ns: int = 0
    conditions: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """Result of a tick.

    Attributes:
        now_ns: Start of the trajectories, and time of the tick.
        trajectories: What to send, by group; groups that are frozen or not due are missing.
        state: Commanded position, velocity, acceleration now, shape (3, J).
        modes: What each group does.
        safety: What is allowed, and why.
        verdict: What the gate did.
        owner: Source that owns the robot.
        epoch: Lease epoch.
        is_moving: Whether any joint is commanded to move.
    """

    now_ns: int
    trajectories: dict[str, Points]
    state: FloatArray
    modes: dict[str, GroupMode]
    safety: SafetyStatus
    verdict: Verdict
    owner: str
    epoch: int
    is_moving: bool


@dataclass(frozen=True, slots=True)
class ResetResult:
    """Answer to an operator's reset.

    Attributes:
        success: Whether nothing that stops the robot is left.
        remaining: Codes that are still active.
        message: One sentence.
    """

    success: bool
    remaining: tuple[str, ...]
    message: str
