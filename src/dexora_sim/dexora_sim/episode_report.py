"""How episodes of a policy went: one clear line each, a running tally, and a file of results."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pace:
    """How fast a policy answered during a run.

    Attributes:
        chunks: Chunks that it published.
        rate_hz: Chunks per second; NaN before the second.
        age_p50_s: Age of the oldest picture when the robot is commanded by it, median of the last 200 chunks
            at most [s]; NaN while nothing was commanded.
        age_p95_s: The same, 95th percentile [s].
    """

    chunks: int = 0
    rate_hz: float = math.nan
    age_p50_s: float = math.nan
    age_p95_s: float = math.nan


@dataclass(frozen=True)
class EpisodeResult:
    """How one episode went.

    Attributes:
        task: Name of the task.
        seed: Seed of the scene.
        instruction: What the policy was told.
        is_success: Whether the twin found the task done.
        reason: Why it failed; empty when it is done.
        stages: Stages reached, in order.
        time_s: Simulated time from the reset to the end [s].
        pace: How fast the policy answered.
    """

    task: str
    seed: int
    instruction: str
    is_success: bool
    reason: str
    stages: tuple[str, ...]
    time_s: float
    pace: Pace

    def describe(self) -> str:
        """Return one line for the person who watches."""
        end = f"SUCCESS after {self.time_s:.1f} s" if self.is_success else f"FAILED after {self.time_s:.1f} s"
        why = "" if self.is_success else f": {self.reason.rstrip('.')}"
        stages = ", ".join(self.stages) or "none"
        return (
            f'{self.task}, seed {self.seed}, "{self.instruction}": {end}{why} (stages: {stages}); '
            + _pace(self.pace)
        )


def _pace(pace: Pace) -> str:
    words = [f"{pace.chunks} chunks"]
    if math.isfinite(pace.rate_hz):
        words.append(f"{pace.rate_hz:.1f} per second")
    if math.isfinite(pace.age_p50_s):
        ages = f"{1e3 * pace.age_p50_s:.0f} ms (p95 {1e3 * pace.age_p95_s:.0f} ms)"
        words.append(f"{ages} from picture to command")
    return ", ".join(words)


@dataclass
class Tally:
    """The episodes so far.

    Attributes:
        results: What was played, in order.
        policy: Which policy played: identity, engine, precision.
    """

    results: list[EpisodeResult] = field(default_factory=list)
    policy: dict[str, str] = field(default_factory=dict)

    @property
    def played(self) -> int:
        """Episodes played."""
        return len(self.results)

    @property
    def successes(self) -> int:
        """Episodes in which the task was done."""
        return sum(result.is_success for result in self.results)

    def describe(self) -> str:
        """Return the score so far."""
        share = f" ({100 * self.successes / self.played:.0f} %)" if self.played else ""
        return f"{self.successes} of {self.played}{share}"

    def write(self, path: Path) -> None:
        """Write everything as JSON; an earlier file stays whole until the new one is.

        Args:
            path: File to write; what is not known is null.

        Raises:
            OSError: It cannot be written.
        """
        content = {
            **self.policy,
            "played": self.played,
            "successes": self.successes,
            "episodes": [_plain(asdict(result)) for result in self.results],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it: what is not finite becomes null."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
