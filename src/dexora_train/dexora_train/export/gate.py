"""Whether INT8 may become a bundle's default: the same episodes with and without it, counted pair by pair."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dexora_core.bundle import Bundle
from dexora_core.errors import BundleError, ConfigError
from dexora_core.records import from_dict, to_dict
from dexora_sim.tasks import make_task

from dexora_train.evaluate.compare import pairs_grid, pairs_of
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.intervals import Pairs, tango
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.run import Evaluation
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.tables import Grid, percent, points_range
from dexora_train.export.int8 import LARGEST_ERROR
from dexora_train.export.parity import Parity
from dexora_train.export.report import PARITY_JSON

FIRST_GATE_SEED = 2_000_000
"""Apart from the seeds of demonstrations and from those that published figures are measured on."""
FLOAT32, INT8 = "fp32", "int8"
_NOTE = "First: float32. Second: INT8. Tango's score interval for paired rates."
Play = Callable[[Evaluation, Path], Results]
"""Plays what is missing in a folder of results and returns all of it."""


@dataclass(frozen=True)
class Gate:
    """What INT8 has to hold.

    Attributes:
        tasks: What is played, each task with the same seeds in both precisions.
        episodes: Of each task.
        most_points: Largest loss of success over all pairs [percentage points].
        workers: Processes.
    """

    tasks: tuple[str, ...]
    episodes: int = 100
    most_points: float = 1.0
    workers: int = 2

    def __post_init__(self) -> None:
        if not 0.0 <= self.most_points < 100.0:
            raise EvaluationError(f"most_points is {self.most_points}; it must be 0 to below 100 points.")
        if self.episodes < 1 or len(set(self.tasks)) != len(self.tasks):
            raise EvaluationError("the gate needs at least one episode of each task, and no task twice.")
        for task in self.tasks:
            make_task(task)

    def evaluation(self, bundle: Bundle, precision: str) -> Evaluation:
        """Return what is to be played in one precision."""
        settings = EvaluationSettings(precision=precision, robot=bundle.manifest.robot)
        source = str(bundle.path)
        return Evaluation(source, settings, self.tasks, self.episodes, self.workers, FIRST_GATE_SEED)


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes:
        gate: What was asked.
        parity: INT8 against torch.
        settings: How episodes were played, but for the precision.
        pairs: Success of float32 (first) and INT8 (second); None where the error alone was too large.
        grid: The same task by task.
    """

    gate: Gate
    parity: Parity
    settings: EvaluationSettings
    pairs: Pairs | None = None
    grid: Grid | None = None

    @property
    def is_passed(self) -> bool:
        """Whether INT8 becomes the default."""
        if self.pairs is None:
            return False
        lost = self.pairs.first - self.pairs.second
        return 100 * lost <= self.gate.most_points * self.pairs.count

    @property
    def sentence(self) -> str:
        """What is the default, and why."""
        if self.pairs is None:
            return f"float32 stays the default: {self.parity.fault}, so no episode was played."
        first, last = self._seeds
        chosen = "INT8 is" if self.is_passed else "float32 stays"
        return (
            f"{chosen} the default: over {self.pairs.count} pairs of "
            f"episodes ({', '.join(self.gate.tasks)}; seeds {first} to {last}) INT8 lost {self.pairs.first} "
            f"that float32 did and won {self.pairs.second}, {points_range(tango(self.pairs))}; it may lose "
            f"{self.gate.most_points:g}. Its chunk error is {percent(self.parity.chunk_relative)}, the bound "
            f"{LARGEST_ERROR:.0%}."
        )

    @property
    def measured(self) -> dict[str, Any]:
        """Everything as plain data."""
        gate = {name: value for name, value in to_dict(self.gate).items() if name != "workers"}
        settings = {name: value for name, value in to_dict(self.settings).items() if name != "precision"}
        return {
            "is_passed": self.is_passed,
            "sentence": self.sentence,
            **gate,
            "seeds": self._seeds,
            "settings": settings,
            "chunk_error": self.parity.chunk_relative,
            "largest_chunk_error": LARGEST_ERROR,
            "pairs": asdict(self.pairs) if self.pairs else None,
            "difference": asdict(tango(self.pairs)) if self.pairs else None,
        }

    @property
    def _seeds(self) -> tuple[int, int]:
        return FIRST_GATE_SEED, FIRST_GATE_SEED + self.gate.episodes - 1


def judge(candidate: Bundle, gate: Gate, folder: Path, play: Play) -> Verdict:
    """Play a bundle in float32 and in INT8, unless its error alone says no.

    Args:
        candidate: With both.
        gate: What is played, and the bound.
        folder: Of the results; what is there already is not played again.
        play: Plays.

    Raises:
        BundleError: It has no INT8 graphs, or no report on them.
        DexoraError: It cannot be played.
    """
    parity = _int8_parity(candidate)
    float32, int8 = (gate.evaluation(candidate, precision) for precision in (FLOAT32, INT8))
    if parity.fault:
        return Verdict(gate, parity, int8.settings)
    first, second = (play(one, folder / one.settings.precision) for one in (float32, int8))
    # The grid's own note names the candidate, which is not what is published.
    grid = replace(pairs_grid(first, second, int8.keys), title="Episodes", note=_NOTE)
    return Verdict(gate, parity, int8.settings, pairs_of(first, second, int8.keys), grid)


def _int8_parity(candidate: Bundle) -> Parity:
    """Return what the bundle's report says about its INT8 graphs."""
    try:
        found = json.loads(candidate.file(PARITY_JSON).read_text())["parity"]
        parities = [from_dict(Parity, item) for item in found]
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{candidate.path / PARITY_JSON}: is no report of an export ({error}); export it anew."
        ) from error
    for parity in parities:
        if parity.variant == INT8:
            return parity
    raise BundleError(f"{candidate.path}: has no INT8 graphs for a CPU; give the checkpoint that it is from.")
