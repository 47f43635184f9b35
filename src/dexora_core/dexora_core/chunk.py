"""An action chunk as a checked value: future joint positions on a time axis, in the contract's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.errors import ChunkError, ContractError
from dexora_core.motion.limits import FloatArray, MotionLimits
from dexora_core.stages.order import Permute

MAX_HORIZON = 2048
MIN_STEP_NS = NS_PER_MS
MAX_STEP_NS = NS_PER_S


@dataclass(frozen=True, slots=True)
class ChunkStamps:
    """When the links of the chain happened [ns]; 0 where a link does not apply."""

    oldest_camera_ns: int = 0
    token_ns: int = 0
    joint_state_ns: int = 0
    inference_start_ns: int = 0
    inference_end_ns: int = 0


@dataclass(frozen=True, slots=True)
class RawChunk:
    """A chunk as it arrives, nothing checked yet. Times are in the receiver's clock.

    Attributes:
        source: Who commands: policy, homing or teleop.
        sequence: Rises with every chunk of this source.
        epoch: Lease epoch under which it was computed.
        start_ns: When step 0 is due [ns].
        step_dt_s: Time between two steps [s].
        horizon: Number of steps H.
        joint_names: Names of the J columns.
        positions: H*J positions, row-major [step, joint] [rad].
        prefix_steps: First steps that repeat what was already committed.
        policy_id: Identity of the bundle; empty for a human source.
        instruction: What it was computed for.
        stamps: The chain of stamps.
    """

    source: str
    sequence: int
    epoch: int
    start_ns: int
    step_dt_s: float
    horizon: int
    joint_names: Sequence[str]
    positions: ArrayLike
    prefix_steps: int = 0
    policy_id: str = ""
    instruction: str = ""
    stamps: ChunkStamps = field(default_factory=ChunkStamps)


@dataclass(frozen=True, slots=True)
class ActionChunk:
    """A checked chunk: `positions` is finite, (H, J) float64 in the contract's order [rad].

    Attributes:
        source: Who commands.
        sequence: Rises with every chunk of this source.
        epoch: Lease epoch under which it was computed.
        start_ns: When step 0 is due [ns].
        step_ns: Time between two steps [ns].
        positions: Joint positions, read-only.
        received_ns: When it arrived [ns].
        prefix_steps: First steps that repeat what was already committed.
        policy_id: Identity of the bundle; empty for a human source.
        instruction: What it was computed for.
        stamps: The chain of stamps.
    """

    source: str
    sequence: int
    epoch: int
    start_ns: int
    step_ns: int
    positions: FloatArray
    received_ns: int
    prefix_steps: int = 0
    policy_id: str = ""
    instruction: str = ""
    stamps: ChunkStamps = field(default_factory=ChunkStamps)

    @property
    def horizon(self) -> int:
        """Number of steps H."""
        return len(self.positions)

    @property
    def end_ns(self) -> int:
        """When the last step is due; a single step holds for one step time."""
        return self.start_ns + max(self.horizon - 1, 1) * self.step_ns

    @property
    def observed_ns(self) -> int:
        """When the newest observation behind the chunk was made; step 0 where the stamps do not say."""
        return self.stamps.joint_state_ns or self.stamps.oldest_camera_ns or self.start_ns


class ChunkChecker:
    """Turns raw chunks into checked ones, or says why not.

    Args:
        limits: Limits of the robot.
        permute: Index array that brings columns named so into the contract's order; raises `ContractError`.
        tolerance_rad: A chunk that leaves the position limits by more is refused whole [rad].
        largest_rad: Positions beyond this are no radians [rad].
    """

    def __init__(
        self,
        limits: MotionLimits,
        permute: Permute,
        tolerance_rad: float = np.deg2rad(5.0),
        largest_rad: float = 10.0,
    ) -> None:
        self._limits = limits
        self._permute = permute
        self._tolerance_rad = tolerance_rad
        self._largest_rad = largest_rad

    def check(self, raw: RawChunk, now_ns: int) -> ActionChunk:
        """Return the chunk in the contract's order.

        Args:
            raw: What arrived.
            now_ns: When it arrived.

        Raises:
            ChunkError: It is refused; `code` is the fault code and the text names what was expected.
        """
        step_ns = self._check_axis(raw)
        positions = self._shape(raw)
        self._check_finite(raw, positions)
        positions = self._order(raw, positions)
        self._check_range(raw, positions)
        positions.setflags(write=False)
        prefix = min(max(int(raw.prefix_steps), 0), len(positions))
        return ActionChunk(
            raw.source,
            int(raw.sequence),
            int(raw.epoch),
            int(raw.start_ns),
            step_ns,
            positions,
            now_ns,
            prefix,
            raw.policy_id,
            raw.instruction,
            raw.stamps,
        )

    def _check_axis(self, raw: RawChunk) -> int:
        step = raw.step_dt_s
        if not MIN_STEP_NS / NS_PER_S <= step <= MAX_STEP_NS / NS_PER_S:
            raise ChunkError(f"step_dt is {step} s, it must lie between 0.001 and 1 s", code="DX-CHK-004")
        if not 1 <= raw.horizon <= MAX_HORIZON:
            raise ChunkError(
                f"horizon is {raw.horizon}, it must lie between 1 and {MAX_HORIZON}", code="DX-CHK-004"
            )
        return round(step * NS_PER_S)

    def _shape(self, raw: RawChunk) -> FloatArray:
        count, names = self._limits.count, len(raw.joint_names)
        if names != count:
            layout = ", ".join(self._limits.names)
            msg = f"{names} joint names, the robot has {count}; expected layout: {layout}"
            raise ChunkError(msg, code="DX-CHK-003")
        positions = np.array(raw.positions, dtype=np.float64).reshape(-1)
        if positions.size != raw.horizon * count:
            msg = (
                f"{positions.size} positions, expected {raw.horizon} steps x {count} joints ="
                f" {raw.horizon * count}, row-major [step, joint] in the order of joint_names"
            )
            raise ChunkError(msg, code="DX-CHK-004")
        return positions.reshape(raw.horizon, count)

    def _check_finite(self, raw: RawChunk, positions: FloatArray) -> None:
        finite = np.isfinite(positions)
        if not finite.all():
            step, joint = np.argwhere(~finite)[0]
            msg = (
                f"NaN or infinity at step {step}, joint {raw.joint_names[joint]}; the whole chunk is dropped"
            )
            raise ChunkError(msg, code="DX-CHK-001")

    def _order(self, raw: RawChunk, positions: FloatArray) -> FloatArray:
        try:
            return positions[:, self._permute(tuple(raw.joint_names))]
        except ContractError as error:
            raise ChunkError(error.message, code="DX-CHK-003") from error

    def _check_range(self, raw: RawChunk, positions: FloatArray) -> None:
        largest = float(np.abs(positions).max())
        if largest > self._largest_rad:
            msg = f"a position of {largest:.1f} rad cannot be meant; positions are radians, not degrees"
            raise ChunkError(msg, code="DX-CHK-010")
        excess = np.maximum(positions - self._limits.upper, self._limits.lower - positions).max(axis=0)
        worst = int(np.argmax(excess))
        if excess[worst] > self._tolerance_rad:
            msg = (
                f"joint {self._limits.names[worst]} of source {raw.source} leaves its limits by"
                f" {excess[worst]:.3f} rad, tolerance {self._tolerance_rad:.3f} rad; check the units"
            )
            raise ChunkError(msg, code="DX-CHK-009")
