"""What an evaluation is done with: everything but the model, the tasks and the seeds."""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.bundle.manifest import NOISE_SCALE_RANGE
from dexora_core.clock import NS_PER_MS
from dexora_core.strategies.registry import STRATEGIES
from dexora_sim.randomisation import Randomisation

from dexora_train.data.cameras import RENDER_SIZE
from dexora_train.evaluate.errors import EvaluationError

RELEASE = "release"
STRATEGY_NAMES = (*STRATEGIES, RELEASE)
OUTSIDE: dict[str, tuple[str, ...]] = {
    "object": ("size", "mass", "friction"),
    "colour": ("colour",),
    "light": ("light",),
    "distractor": ("distractor",),
    "camera": ("camera",),
    "texture": ("texture",),
    "pose": ("pose",),
    "start": ("start",),
}
"""Switches that lead out of the training distribution: the aspects of the world that each one moves."""
_MOST_DELAY_MS = 2000
_PERIOD_MS = (50, 5000)


@dataclass(frozen=True)
class EvaluationSettings:
    """How episodes are played.

    Attributes:
        strategy: How chunks become motion: a strategy of the command path, or `release`, the public release's
            loop that stands still while it thinks and then plays the whole chunk.
        delay_ms: Time from observation to usable chunk, in simulated time [ms].
        period_ms: Least time between two inferences [ms]; 0 takes the model's own, as the policy node does.
        has_gate: Whether the command gate stands between timeline and set-points, at 100 Hz.
        precision: Of a bundle's graphs; empty takes the bundle's own.
        steps: Denoising steps of a checkpoint; 0 takes its recipe's.
        noise_scale: Standard deviation of the noise that a checkpoint starts from; None takes its recipe's.
        outside: Switches of `OUTSIDE` that are on.
        is_redirected: In `reach`, ask for another of the three objects than the seed's own.
        lookahead_ms: How far ahead of the present the command path uses a chunk [ms].
        render_size: Height and width that cameras deliver [pixel].
        robot: Name of the robot.
    """

    strategy: str = "prefix"
    delay_ms: int = 0
    period_ms: int = 0
    has_gate: bool = True
    precision: str = ""
    steps: int = 0
    noise_scale: float | None = None
    outside: tuple[str, ...] = ()
    is_redirected: bool = False
    lookahead_ms: int = 30
    render_size: tuple[int, ...] = RENDER_SIZE
    robot: str = "dexora36"

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGY_NAMES:
            raise EvaluationError(
                f"strategy is {self.strategy!r}; choose one of {', '.join(STRATEGY_NAMES)}."
            )
        unknown = [name for name in self.outside if name not in OUTSIDE]
        if unknown:
            raise EvaluationError(
                f"nothing leads outside the training distribution by {', '.join(unknown)}; choose of "
                f"{', '.join(OUTSIDE)}."
            )
        if not 0 <= self.delay_ms <= _MOST_DELAY_MS:
            raise EvaluationError(f"delay_ms is {self.delay_ms}; it must lie from 0 to {_MOST_DELAY_MS} ms.")
        if self.period_ms and not _PERIOD_MS[0] <= self.period_ms <= _PERIOD_MS[1]:
            raise EvaluationError(
                f"period_ms is {self.period_ms}; it must be 0 or lie from {_PERIOD_MS[0]} to {_PERIOD_MS[1]}."
            )

        lower, upper = NOISE_SCALE_RANGE
        if self.noise_scale is not None and not lower <= self.noise_scale <= upper:
            raise EvaluationError(
                f"noise_scale is {self.noise_scale}; it must lie from {lower:g} to {upper:g}."
            )

    @property
    def delay_ns(self) -> int:
        """Time from observation to usable chunk [ns]."""
        return self.delay_ms * NS_PER_MS

    @property
    def lookahead_ns(self) -> int:
        """How far ahead of the present the command path uses a chunk [ns]."""
        return self.lookahead_ms * NS_PER_MS

    def period_ns(self, own_ns: int) -> int:
        """Return the time between two inferences [ns].

        Where nothing is set it is the policy node's, without the lookahead, which is less than a step of the
        environment.

        Args:
            own_ns: What the model is meant for [ns].
        """
        if self.period_ms:
            return self.period_ms * NS_PER_MS
        return max(self.delay_ns, own_ns)

    def levels(self) -> Randomisation:
        """Return how the world varies."""
        aspects = [aspect for switch in self.outside for aspect in OUTSIDE[switch]]
        return Randomisation.train().but(**dict.fromkeys(aspects, "ood"))
