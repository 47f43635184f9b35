"""What the episodes of a model come to, task by task and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import TASKS, make_task

from dexora_train.evaluate.episode import EpisodeResult
from dexora_train.evaluate.intervals import Interval, wilson
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.tables import Grid, percent, percent_range

ALL = "all"
_MOST_ENDINGS = 4


@dataclass(frozen=True)
class Summary:
    """Of some episodes.

    Attributes:
        name: Task, or `all`.
        episodes: How many.
        success: Rate with its 95 % Wilson interval.
        score: Mean stage score, 0 to 1.
        time_s: Median time to success [s]; None without one.
        acceleration: Mean share of the acceleration limits, commanded and measured.
        jerk: Mean share of the jerk limits, commanded and measured.
        inferences: Mean number per episode.
        discarded: Mean number of chunks per episode that were not used.
        named: Share of reaches that go to the named object, with its interval; None without a reach.
    """

    name: str
    episodes: int
    success: Interval
    score: float
    time_s: float | None
    acceleration: tuple[float, float]
    jerk: tuple[float, float]
    inferences: float
    discarded: float
    named: Interval | None


def summarise(name: str, episodes: Sequence[EpisodeResult]) -> Summary:
    """Return the summary of at least one episode."""
    done = [episode for episode in episodes if episode.is_success]
    motions = [(episode.commanded, episode.measured) for episode in episodes]
    return Summary(
        name=name,
        episodes=len(episodes),
        success=wilson(len(done), len(episodes)),
        score=fmean(episode.score for episode in episodes),
        time_s=median(episode.time_s for episode in done) if done else None,
        acceleration=(fmean(c.acceleration for c, _ in motions), fmean(m.acceleration for _, m in motions)),
        jerk=(fmean(c.jerk for c, _ in motions), fmean(m.jerk for _, m in motions)),
        inferences=fmean(episode.inferences for episode in episodes),
        discarded=fmean(episode.discarded for episode in episodes),
        named=named_share(episodes),
    )


def named_share(episodes: Sequence[EpisodeResult]) -> Interval | None:
    """Return the share of reaches whose first touch is the object that the instruction names.

    Episodes in which a hand touches nothing are no reaches and do not count.

    Args:
        episodes: Of `reach`.
    """
    reaches = [episode for episode in episodes if episode.touched]
    if not reaches:
        return None
    return wilson(sum(episode.first_touched == episode.wanted for episode in reaches), len(reaches))


def summaries(results: Results) -> list[Summary]:
    """Return the summary of each task, and of all where there are several."""
    found = [summarise(task, results.of_task(task)) for task in results.tasks]
    if len(found) > 1:
        found.append(summarise(ALL, list(results.episodes.values())))
    return found


def success_grid(results: Results) -> Grid:
    """Return how often the tasks are done, and how fast."""
    rows = [
        (
            one.name,
            str(one.episodes),
            percent_range(one.success),
            percent(one.score, 0),
            "-" if one.time_s is None else f"{one.time_s:.1f} s",
        )
        for one in summaries(results)
    ]
    columns = ("task", "episodes", "success (95 %)", "score", "time to success")
    return Grid("Success", columns, rows, "Wilson intervals; score: mean share of stages; median time.")


def motion_grid(results: Results) -> Grid:
    """Return how smoothly the robot moves, and how often the model is asked."""
    rows = [
        (
            one.name,
            " / ".join(percent(share) for share in one.acceleration),
            " / ".join(percent(share) for share in one.jerk),
            f"{one.inferences:.0f}",
            f"{one.discarded:.1f}",
        )
        for one in summaries(results)
    ]
    columns = ("task", "acceleration", "jerk", "inferences", "discarded")
    note = "Root mean squares as shares of the limits, targets / joints, at 20 Hz; means per episode."
    return Grid("Motion", columns, rows, note)


def named_grid(results: Results) -> Grid | None:
    """Return which object the hands go to first; None where no task has several."""
    rows = []
    for task in results.tasks:
        named = named_share(results.of_task(task))
        if task.startswith("reach") and named is not None:
            reaches = sum(bool(episode.touched) for episode in results.of_task(task))
            rows.append((task, str(reaches), percent_range(named)))
    title = "The named object"
    return Grid(title, ("task", "reaches", "first touch is the named one (95 %)"), rows) if rows else None


def stage_grid(results: Results) -> Grid:
    """Return how many episodes reach each stage."""
    rows = []
    for task in results.tasks:
        episodes = results.of_task(task)
        counts = Counter(stage for episode in episodes for stage in episode.stages)
        rows += [(task, stage, percent(counts[stage] / len(episodes))) for stage in stage_names(task)]
    return Grid("Stages", ("task", "stage", "reached by"), rows)


def ending_grid(results: Results) -> Grid | None:
    """Return the most frequent ways to fail; None where nothing failed."""
    rows = []
    for task in results.tasks:
        endings = Counter(episode.ending for episode in results.of_task(task) if not episode.is_success)
        rows += [(task, ending, str(count)) for ending, count in endings.most_common(_MOST_ENDINGS)]
    return Grid("Failures", ("task", "how it ended", "episodes"), rows) if rows else None


def stage_names(task: str) -> tuple[str, ...]:
    """Return the stages of a task in order."""
    kind = make_task(task) if task in TASKS else None
    return () if kind is None else kind.predicate(kind.episode(0, Randomisation.off())).stage_names
