"""What a training run is, and who is told how it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accelerate import Accelerator
from dexora_core.errors import ConfigError
from dexora_core.records import from_dict

from dexora_train.learning.bounds import refuse_outside
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.loop_log import Progress
from dexora_train.learning.observation import Imperfection

SAMPLING = ("n_action_steps", "noise_scale")
"""Settings of `TrainConfig` on which no weight depends; they may change in a run."""
PRECISIONS = ("no", "bf16")
"""Kinds of `mixed_precision`."""


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    Attributes:
        name: Name of the policy.
        robot: Name of the robot.
        preset: Size: `nano`, `tiny`, `small`, `base`, `full`.
        head: `mip` (two regressions, no distillation), `flow`, `sample` or `v` (diffusion).
        seeing: Pre-training of the encoder.
        words: Training of language and fusion on still scenes, where there are any.
        acting: Training of the policy.
        batch_seeing: Samples per step of `seeing`, of all processes together.
        batch_acting: Samples per step of `words` and `acting`; half as many questions go on beside acting.
        copies: Cached copies of each picture's tokens; all but one are augmented.
        scenes: Still scenes that the encoder learns from beside the demonstrations, and that words are learnt
            from; 0: none.
        scene_tasks: Tasks whose layouts the still scenes show, in turn; name those that are demonstrated.
        max_prefix_steps: Longest committed prefix; the robot may think for so many steps.
        n_action_steps: Steps that the robot goes before it asks again; nothing that is trained depends on it.
        noise_scale: Standard deviation of the noise that denoising starts from, 0 to 1; nothing that is
            trained depends on it either. Less noise gives chunks nearer to the mean of what was demonstrated
            (Consistency Policy, arXiv 2405.07503, samples so); 1 gives all of them.
        imperfection: What the policy does not get to see.
        mixed_precision: `no` or `bf16`, as `accelerate` has it.
        seed: Of everything random.
    """

    name: str = "policy"
    robot: str = "dexora36"
    preset: str = "tiny"
    head: str = "mip"
    seeing: LoopConfig = field(default_factory=lambda: LoopConfig(4000, learning_rate=1e-3))
    words: LoopConfig = field(default_factory=lambda: LoopConfig(2000, learning_rate=1e-3))
    acting: LoopConfig = field(default_factory=lambda: LoopConfig(20_000))
    batch_seeing: int = 32
    batch_acting: int = 64
    copies: int = 3
    scenes: int = 0
    scene_tasks: tuple[str, ...] = ("reach", "lift", "bimanual_lift")
    max_prefix_steps: int = 8
    n_action_steps: int = 1
    noise_scale: float = 1.0
    imperfection: Imperfection = field(default_factory=Imperfection)
    mixed_precision: str = "no"
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_outside(self, ("batch_seeing", "batch_acting", "copies"), 1)
        refuse_outside(self, ("scenes", "max_prefix_steps", "seed"), 0)
        if self.mixed_precision not in PRECISIONS:
            raise ConfigError(
                f"mixed_precision is {self.mixed_precision!r}; allowed are {', '.join(PRECISIONS)}"
            )

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> TrainConfig:
        """Read what was written as JSON; unknown keys are refused."""
        return from_dict(TrainConfig, data)


@dataclass(frozen=True)
class Reports:
    """Who is told what.

    Attributes:
        stage: Called with the name of each stage as it begins.
        count: Called with what is done of a stage that can be counted, and the total.
        line: Called with each line of a training log.
    """

    stage: Callable[[str], None] = lambda name: None
    count: Callable[[int, int], None] = lambda done, total: None
    line: Callable[[Progress], None] = lambda line: None


def told_by(reports: Reports | None, accelerator: Accelerator) -> Reports:
    """Return whom this process tells: nobody, unless it is the main one."""
    return reports if reports is not None and accelerator.is_main_process else Reports()
