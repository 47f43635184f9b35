"""Success of trained policies in the environment: the bars of learning, from results or played anew.

    --results DIR     a folder of results per case; where a model is given, what is missing is played
    --teacher DIR     checkpoint of a diffusion head; it is played with 16 steps
    --student DIR     bundle with both precisions: fp32 is the student, int8 what is shipped
    --adapted DIR     the same, fine-tuned by LoRA on the held-out variant
    --bottle DIR      checkpoint or bundle trained on open_bottle
    --seeds N         seeds per task, 200; where two models are compared three tasks by 334 seeds
    --workers N       processes, 2
    --period-ms N     least time between two inferences; 0, the model's own, as in the node

Seeds begin at 1,000,000; training never saw them. Cases that are compared share seed for seed. A bar whose
episodes are not there is missed. `dexora-train evaluate run` writes the same folders.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from _harness import Bar, Options, Report, main
from dexora_train.evaluate.compare import described, pairs_of, shared
from dexora_train.evaluate.episode import EpisodeResult
from dexora_train.evaluate.intervals import Interval, tango
from dexora_train.evaluate.results import SETTINGS, Results
from dexora_train.evaluate.run import Evaluation, evaluate
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.evaluate.summary import named_share, summaries
from dexora_train.evaluate.tables import percent_range, points_range

TEACHER_PERCENT = {"reach": 97.0, "lift": 85.0, "bimanual_lift": 85.0}
TEACHER_STEPS = 16
TASKS, VARIANT = tuple(TEACHER_PERCENT), "lift_variant"
SEEDS, PAIRED_SEEDS, QUICK_SEEDS = 200, 334, 2
STUDENT_POINTS, INT8_POINTS, DELAY_POINTS, NAMED_PERCENT = 3.0, 1.0, 5.0, 95.0
# One of 200 episodes: less is no "more".
RELEASE_POINTS = 0.5
DELAY_MS = 200
NOTHING = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Case:
    """Results that bars are made of.

    Attributes:
        model: Option that names the model.
        settings: How episodes are played.
        tasks: Tasks.
        is_paired: Whether it is compared with another model, which takes more seeds.
    """

    model: str
    settings: EvaluationSettings = field(default_factory=EvaluationSettings)
    tasks: tuple[str, ...] = TASKS
    is_paired: bool = False


INT8, RELEASE = "int8", "release"
CASES = {
    "teacher": Case("teacher", EvaluationSettings(steps=TEACHER_STEPS), is_paired=True),
    "student": Case("student", EvaluationSettings(precision="fp32"), is_paired=True),
    "int8": Case("student", EvaluationSettings(precision=INT8), is_paired=True),
    "named": Case("student", EvaluationSettings(precision=INT8, is_redirected=True), ("reach",)),
    "delayed": Case("student", EvaluationSettings(precision=INT8, delay_ms=DELAY_MS)),
    "released": Case("student", EvaluationSettings(precision=INT8, strategy=RELEASE)),
    "released-delayed": Case(
        "student", EvaluationSettings(precision=INT8, strategy=RELEASE, delay_ms=DELAY_MS)
    ),
    "zero-shot": Case("student", EvaluationSettings(precision="fp32"), (VARIANT,)),
    "adapted": Case("adapted", EvaluationSettings(precision="fp32"), (VARIANT,)),
    "open-bottle": Case("bottle", tasks=("open_bottle",)),
}
COMPARED = (
    ("student", "teacher"),
    ("int8", "student"),
    ("delayed", "int8"),
    ("released", "int8"),
    ("released-delayed", "delayed"),
    ("released-delayed", "released"),
    ("adapted", "zero-shot"),
)


@dataclass(frozen=True)
class Given:
    """What the command line asks for beyond what all benchmarks have.

    Attributes:
        results: Where the results are.
        models: Directory of a model by option; missing ones are not played.
        seeds: Seeds per task; 0 for the usual number.
        workers: Processes.
        period_ms: Least time between two inferences [ms]; 0: the model's own, as in the policy node.
    """

    results: Path
    models: dict[str, str]
    seeds: int
    workers: int
    period_ms: int = 0


def given_on_the_command_line() -> Given:
    """Take this benchmark's own arguments from the command line and leave the others to the harness."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--results", type=Path, default=Path("build/success"))
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--period-ms", type=int, default=0)
    models = sorted({case.model for case in CASES.values()})
    for model in models:
        parser.add_argument(f"--{model}", default="")
    own, sys.argv[1:] = parser.parse_known_args()
    given = {model: getattr(own, model) for model in models if getattr(own, model)}
    return Given(own.results, given, own.seeds, own.workers, own.period_ms)


def played(name: str, case: Case, seeds: int, given: Given) -> Results | None:
    """Return the results of a case, with what was missing played if its model is given; None without any."""
    folder = given.results / name
    if case.model in given.models:
        settings = replace(case.settings, period_ms=given.period_ms)
        evaluation = Evaluation(given.models[case.model], settings, case.tasks, seeds, given.workers)
        print(f"{name}: {len(evaluation.keys)} episodes", file=sys.stderr, flush=True)
        return evaluate(evaluation, folder, lambda episode: tell(name, episode))
    return read(folder, case) if (folder / SETTINGS).exists() else None


def read(folder: Path, case: Case) -> Results:
    """Return the results of a case that were played elsewhere.

    Raises:
        EvaluationError: They were played otherwise.
    """
    there = Results.read(folder).subject
    settings = replace(case.settings, period_ms=there.settings.period_ms)
    return Results(folder, replace(there, settings=settings))


def is_whole(found: Results, case: Case, seeds: int) -> bool:
    """Whether every task of a case has as many episodes as its bars take."""
    return all(len(found.of_task(task)) >= seeds for task in case.tasks)


def tell(name: str, episode: EpisodeResult) -> None:
    """Say how an episode ended, for whoever waits."""
    print(f"{name}: {episode.task} {episode.seed}: {episode.ending}", file=sys.stderr, flush=True)


def difference(results: dict[str, Results], name: str, other: str) -> Interval:
    """Return the success rate of a case minus that of another one; NaN where one of them is missing."""
    if name not in results or other not in results:
        return NOTHING
    first, second = results[other], results[name]
    return tango(pairs_of(first, second, shared(first, second)))


def bars(results: dict[str, Results]) -> list[Bar]:
    """Return every promise; what could not be measured is NaN and passes none."""
    rates = {one.name: one.success.value for one in _summaries(results, "teacher")}
    found = [
        Bar(f"teacher {task}", "success of the teacher", 100 * rates.get(task, float("nan")), bar, bar, "%")
        for task, bar in TEACHER_PERCENT.items()
    ]
    named = None if "named" not in results else named_share(list(results["named"].episodes.values()))
    share = 100 * (named or NOTHING).value
    found.append(
        Bar("named", "reaches that go to the named object", share, NAMED_PERCENT, NAMED_PERCENT, "%")
    )
    losses = {pair: -100 * difference(results, *pair).value for pair in COMPARED}
    found += [
        _loss("student", "2 steps against the teacher", losses["student", "teacher"], STUDENT_POINTS),
        _loss("int8", "INT8 against the student", losses["int8", "student"], INT8_POINTS),
        _loss("delay", f"{DELAY_MS} ms against none", losses["delayed", "int8"], DELAY_POINTS),
    ]
    more = losses["released-delayed", "delayed"]
    what = f"the release's loop loses more with {DELAY_MS} ms"
    found.append(Bar("release", what, more, RELEASE_POINTS, RELEASE_POINTS, "points"))
    gain = 100 * difference(results, "adapted", "zero-shot").low
    what = "lower end of the gain by LoRA on the held-out variant"
    return [*found, Bar("LoRA", what, gain, 0.0, 0.0, "points")]


def _loss(name: str, what: str, points: float, bar: float) -> Bar:
    return Bar(name, f"loss of {what}", points, bar, bar, "points", lower_is_better=True)


def rows(results: dict[str, Results]) -> list[dict[str, Any]]:
    """Return one row per case and task, and one per comparison."""
    found = [
        {
            "case": name,
            "task": one.name,
            "episodes": one.episodes,
            "success (95 %)": percent_range(one.success),
        }
        for name in results
        for one in _summaries(results, name)
    ]
    for name, other in COMPARED:
        interval = difference(results, name, other)
        if interval is not NOTHING:
            count = len(shared(results[other], results[name]))
            row = {"case": f"{name} minus {other}", "task": "shared", "episodes": count}
            found.append({**row, "success (95 %)": points_range(interval)})
    return found


def _summaries(results: dict[str, Results], name: str) -> Sequence[Any]:
    return summaries(results[name]) if name in results else ()


def measure_with(given: Given) -> Any:
    """Return what measures with the arguments given."""

    def measure(options: Options) -> Report:
        results, whole = {}, {}
        for name, case in CASES.items():
            usual = QUICK_SEEDS if options.quick else PAIRED_SEEDS if case.is_paired else SEEDS
            seeds = given.seeds or usual
            found = played(name, case, seeds, given)
            if found is not None and found.episodes:
                results[name] = found
                if is_whole(found, case, seeds):
                    whole[name] = found
        report = Report(rows=rows(results), bars=bars(whole))
        report.notes = [f"{name}: {described(found)}" for name, found in results.items()]
        report.notes += [f"{name}: too few episodes for a bar." for name in results if name not in whole]
        report.notes.append("Wilson intervals for rates, Tango's for differences; the gate is in the loop.")
        report.samples = {
            name: [
                (one.task, one.seed, one.is_success, one.score, one.time_s) for one in found.episodes.values()
            ]
            for name, found in results.items()
        }
        return report

    return measure


if __name__ == "__main__":
    sys.exit(main("success", __doc__, measure_with(given_on_the_command_line())))
