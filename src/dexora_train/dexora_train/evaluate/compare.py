"""Two models, or one model in two ways, on the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dexora_core.records import to_dict

from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.intervals import Pairs, tango
from dexora_train.evaluate.results import Key, Results
from dexora_train.evaluate.summary import ALL
from dexora_train.evaluate.tables import Grid, percent, points_range


def shared(first: Results, second: Results, tasks: Sequence[str] = ()) -> list[Key]:
    """Return the episodes that both have, of some tasks or of all.

    Raises:
        EvaluationError: There are none.
    """
    keys = [key for key in _of_tasks(first, tasks) if key in second.episodes]
    if not keys:
        raise EvaluationError(
            f"{first.folder} and {second.folder} have no task and seed in common; evaluate both on the same."
        )
    return sorted(keys)


def pairs_of(first: Results, second: Results, keys: Sequence[Key]) -> Pairs:
    """Return how the two did on the same episodes."""
    outcomes = [(first.episodes[key].is_success, second.episodes[key].is_success) for key in keys]
    return Pairs(
        both=outcomes.count((True, True)),
        first=outcomes.count((True, False)),
        second=outcomes.count((False, True)),
        neither=outcomes.count((False, False)),
    )


def _of_tasks(results: Results, tasks: Sequence[str]) -> list[Key]:
    return [key for key in results.episodes if not tasks or key[0] in tasks]


def comparison_grid(first: Results, second: Results, tasks: Sequence[str] = ()) -> Grid:
    """Return the difference of the two over what both have, and how many episodes only one has.

    Raises:
        EvaluationError: They have no episode in common.
    """
    keys = shared(first, second, tasks)
    grid = pairs_grid(first, second, keys)
    alone = [len(_of_tasks(results, tasks)) - len(keys) for results in (first, second)]
    if not any(alone):
        return grid
    left_out = f" Left out for want of a partner: {alone[0]} of the first, {alone[1]} of the second."
    return replace(grid, note=grid.note + left_out)


def pairs_grid(first: Results, second: Results, keys: Sequence[Key]) -> Grid:
    """Return the difference of the two over some episodes, task by task and in all.

    Args:
        first: Results.
        second: Others.
        keys: Episodes that both have.
    """
    names = list(dict.fromkeys(task for task, _ in keys))
    parts: dict[str, Sequence[Key]] = {name: [key for key in keys if key[0] == name] for name in names}
    if len(parts) > 1:
        parts[ALL] = keys
    rows = []
    for name, own in parts.items():
        pairs = pairs_of(first, second, own)
        rates = ((pairs.both + pairs.first) / pairs.count, (pairs.both + pairs.second) / pairs.count)
        rows.append(
            (
                name,
                str(pairs.count),
                percent(rates[0]),
                percent(rates[1]),
                points_range(tango(pairs)),
                f"{pairs.first} / {pairs.second}",
            )
        )
    columns = ("task", "pairs", "first", "second", "second minus first (95 %)", "only first / only second")
    note = f"First: {described(first)}. Second: {described(second)}. Tango's score interval for paired rates."
    return Grid("Comparison", columns, rows, note)


def described(results: Results) -> str:
    """Return what results are of, in words: the model and every setting that is not the default."""
    subject = results.subject
    own, usual = to_dict(subject.settings), to_dict(type(subject.settings)())
    changes = [f"{name} {_word(value)}" for name, value in own.items() if value != usual[name]]
    return ", ".join([subject.model.name, *changes])


def _word(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
