"""One observation in, one chunk of positions inside the limits out, or a fault.

Nothing that is not finite or outside the contract's position limits leaves this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from dexora_core.bundle import Manifest
from dexora_core.errors import EngineError
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray, MotionLimits
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_policy.language_cache import LanguageFeatures
from dexora_policy.solver_plan import starts_from_noise
from dexora_policy.solvers import Arrays, Solver
from dexora_policy.stage_clock import StageClock
from dexora_policy.token_intake import Tokens

REFUSED_RAD = float(np.deg2rad(5.0))
"""A result that leaves the limits by more is refused whole; by less, it is held inside."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one inference is made from.

    Attributes:
        tokens: What the cameras see.
        positions: Measured positions in the contract's order, shape (J,) [rad].
        language: What is asked for.
        prefix: (n, J) positions that will be commanded for the first n steps [rad].
    """

    tokens: Tokens
    positions: FloatArray
    language: LanguageFeatures
    prefix: FloatArray


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one inference gave.

    Attributes:
        positions: (H, J) float32, finite and inside the limits [rad].
        clamped: Values that had to be held inside.
        durations_s: Time of every stage [s], in the order in which they ran.
    """

    positions: NDArray[np.float32]
    clamped: int
    durations_s: dict[str, float] = field(default_factory=dict)


class PolicyRunner:
    """Runs a policy on observations.

    Args:
        manifest: Of the bundle.
        limits: Of the robot, in the bundle's order of joints.
        solver: Turns inputs into normalised actions.
        seed: Of the noise.

    Attributes:
        solver: As given.
    """

    def __init__(self, manifest: Manifest, limits: MotionLimits, solver: Solver, seed: int = 0) -> None:
        self._manifest, self._limits, self.solver = manifest, limits, solver
        self._statistics = manifest.statistics
        self._shape = (1, manifest.horizon, len(manifest.joint_names))
        self._random = np.random.default_rng(seed)
        # Rounding to float32 must not carry a value across its limit.
        self._lower, self._upper = _rounded(limits.lower, np.inf), _rounded(limits.upper, -np.inf)

    def run(self, observation: Observation) -> Prediction | Fault:
        """Return the chunk for an observation, or why its result is of no use.

        Raises:
            EngineError: The engine failed, or its result has another shape than the bundle says.
        """
        clock = StageClock()
        with clock.stage("prepare"):
            inputs = self.inputs(observation)
        values = self.solver.actions(inputs, clock)
        with clock.stage("denormalise"):
            positions = self._positions(values, observation.prefix)
            fault = self._unusable(positions)
            inside = np.clip(positions, self._lower, self._upper)
        if fault is not None:
            return fault
        clamped = int(np.count_nonzero(inside != positions))
        return Prediction(inside, clamped, clock.durations_s)

    def inputs(self, observation: Observation) -> Arrays:
        """Return the arrays that the policy's graphs take, by name."""
        horizon, count = self._shape[1], min(len(observation.prefix), self._manifest.max_prefix_steps)
        prefix = np.zeros(self._shape, np.float32)
        if count:
            prefix[0, :count] = self._statistics.normalise_action(observation.prefix[:count])
        state = self._statistics.normalise_state(observation.positions)[None]
        tokens, language = observation.tokens, observation.language
        return {
            "tokens": tokens.values[None],
            "view_mask": tokens.view_mask[None],
            "language": language.values,
            "language_mask": language.mask,
            "state": state,
            "state_mask": np.ones(state.shape, np.bool_),
            "prefix": prefix,
            "prefix_mask": (np.arange(horizon) < count)[None],
            "noise": self._noise(),
        }

    def _positions(self, values: NDArray[np.float32], prefix: FloatArray) -> NDArray[np.float32]:
        """Return positions (H, J) [rad]; the committed ones are those that will be commanded, to the bit."""
        if values.shape != self._shape:
            detail = f"actions of shape {values.shape}, the bundle says {self._shape}"
            raise refusal(EngineError, "DX-ENG-008", "policy", detail=detail)
        positions = self._statistics.denormalise_action(values[0])
        count = min(len(prefix), self._manifest.max_prefix_steps)
        if count:
            positions[:count] = prefix[:count]
        return positions

    def _unusable(self, positions: NDArray[np.float32]) -> Fault | None:
        names, limits = self._manifest.joint_names, self._limits
        finite = np.isfinite(positions)
        if not finite.all():
            step, joint = np.argwhere(~finite)[0]
            return make_fault("DX-POL-011", 0, detail=f"step {step}, joint {names[joint]}")
        excess = np.maximum(positions - limits.upper, limits.lower - positions).max(axis=0)
        worst = int(np.argmax(excess))
        if excess[worst] <= REFUSED_RAD:
            return None
        values = {"excess_rad": round(float(excess[worst]), 3), "bound_rad": round(REFUSED_RAD, 3)}
        return make_fault("DX-POL-012", 0, names[worst], **values)

    def _noise(self) -> NDArray[np.float32]:
        if not starts_from_noise(self._manifest.head):
            return np.zeros(self._shape, np.float32)
        noise = self._random.standard_normal(self._shape, dtype=np.float32)
        return np.float32(self._manifest.noise_scale) * noise


def _rounded(limits: FloatArray, inwards: float) -> NDArray[np.float32]:
    """Return limits as float32 values that are not beyond them."""
    rounded = limits.astype(np.float32)
    beyond = rounded < limits if inwards > 0 else rounded > limits
    return np.where(beyond, np.nextafter(rounded, np.float32(inwards)), rounded)
