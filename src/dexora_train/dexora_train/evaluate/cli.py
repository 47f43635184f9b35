"""`dexora-train evaluate`: how often a policy does the tasks in the simulated twin, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from dexora_core.contract import load_contract
from rich.console import Console
from rich.table import Table

from dexora_description import contract_path
from dexora_train.bars import bars_on
from dexora_train.data.reader import LeRobotReader
from dexora_train.evaluate.compare import comparison_grid, described
from dexora_train.evaluate.episode import EpisodeResult
from dexora_train.evaluate.film import Film, Studio, worth_showing
from dexora_train.evaluate.open_loop import open_loop
from dexora_train.evaluate.open_loop_plot import error_grid, write_plots
from dexora_train.evaluate.opening import open_network
from dexora_train.evaluate.report import HTML, MARKDOWN, write_report
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.run import Evaluation, evaluate
from dexora_train.evaluate.settings import OUTSIDE, STRATEGY_NAMES, EvaluationSettings
from dexora_train.evaluate.summary import motion_grid, named_grid, success_grid
from dexora_train.evaluate.tables import Grid
from dexora_train.learning.fit import refuse_unfit

evaluate_app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)
_console = Console()
DEFAULT_TASKS = ("reach", "lift", "bimanual_lift")
TaskOption = Annotated[
    list[str] | None,
    typer.Option(help=f"Task; say it several times for several. Default: {', '.join(DEFAULT_TASKS)}."),
]
NoiseOption = Annotated[
    float | None,
    typer.Option(help="Size of the noise that a checkpoint starts from, 0 to 1; default: its own."),
]


@evaluate_app.command("run")
def run_command(  # noqa: PLR0917  (typer calls by name)
    model: Annotated[
        str, typer.Argument(help="Folder of a bundle or of a checkpoint; `expert` for the scripted one.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder of the results; started again, it goes on there.")],
    task: TaskOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Episodes of each task.")] = 200,
    strategy: Annotated[
        str, typer.Option(help=f"How chunks become motion: {', '.join(STRATEGY_NAMES)}.")
    ] = "prefix",
    delay_ms: Annotated[int, typer.Option(min=0, help="From observation to usable chunk [ms].")] = 0,
    period_ms: Annotated[
        int, typer.Option(min=0, help="Between two inferences [ms]; 0: the model's own.")
    ] = 0,
    outside: Annotated[
        list[str] | None, typer.Option(help=f"Leave the training distribution: {', '.join(OUTSIDE)}.")
    ] = None,
    wrong_instruction: Annotated[
        bool, typer.Option(help="In `reach`, ask for another of the three objects than the seed's own.")
    ] = False,
    gate: Annotated[bool, typer.Option(help="Let targets pass the command gate at 100 Hz.")] = True,
    precision: Annotated[str, typer.Option(help="fp32 or int8; empty: the bundle's own.")] = "",
    steps: Annotated[int, typer.Option(min=0, help="Denoising steps of a checkpoint; 0: its own.")] = 0,
    noise_scale: NoiseOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Play episodes that training never saw, the same ones for every model."""
    settings = EvaluationSettings(
        strategy=strategy,
        delay_ms=delay_ms,
        period_ms=period_ms,
        has_gate=gate,
        precision=precision,
        steps=steps,
        noise_scale=noise_scale,
        outside=tuple(outside or ()),
        is_redirected=wrong_instruction,
    )
    tasks = tuple(task or (("reach",) if wrong_instruction else DEFAULT_TASKS))
    results = evaluate_shown(Evaluation(model, settings, tasks, seeds, workers), out)
    show(results)


def evaluate_shown(evaluation: Evaluation, out: Path) -> Results:
    """Play what is missing in a folder of results, with a bar per task; see `evaluate`."""
    with bars_on(_console) as progress:
        bars = {name: progress.add_task(name, total=evaluation.seeds) for name in evaluation.tasks}
        done = dict.fromkeys(evaluation.tasks, 0)

        def report(episode: EpisodeResult) -> None:
            done[episode.task] += episode.is_success
            progress.advance(bars[episode.task])
            progress.update(bars[episode.task], description=f"{episode.task}: {done[episode.task]} done")

        return evaluate(evaluation, out, report, report)


@evaluate_app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(help="Folder of results.")],
    second: Annotated[Path, typer.Argument(help="Another one, with the same seeds.")],
    task: Annotated[list[str] | None, typer.Option(help="Task; all that both have by default.")] = None,
) -> None:
    """Compare two results seed by seed, with an interval on the difference."""
    print_grid(comparison_grid(Results.read(first), Results.read(second), tuple(task or ())))


def show(results: Results) -> None:
    """Print what the results of a folder come to."""
    _console.print(f"{results.folder}: {described(results)}", markup=False, soft_wrap=True)
    for grid in (success_grid(results), motion_grid(results), named_grid(results)):
        if grid is not None:
            print_grid(grid)


def print_grid(grid: Grid) -> None:
    """Print a table."""
    table = Table(*grid.columns, title=grid.title, title_justify="left")
    for row in grid.rows:
        table.add_row(*row)
    _console.print(table)
    if grid.note:
        _console.print(grid.note, markup=False)


@evaluate_app.command("report")
def report_command(
    results: Annotated[Path, typer.Argument(help="Folder of results.")],
    out: Annotated[Path, typer.Argument(help="Folder of the report.")],
    model: Annotated[
        str, typer.Option(help="The model that was evaluated, for pictures and films; empty: none.")
    ] = "",
    failures: Annotated[int, typer.Option(min=0, help="Failures shown of each task.")] = 2,
    against: Annotated[
        list[Path] | None, typer.Option(help="Other results to compare with; say it several times.")
    ] = None,
) -> None:
    """Write a report as Markdown and as one HTML file, with films of a success and of failures."""
    found = Results.read(results)
    films: list[Film] = []
    if model:
        studio = Studio(model, found)
        films = [studio.film(episode) for episode in worth_showing(found, failures)]
    write_report(found, out, films, [Results.read(other) for other in against or []])
    _console.print(f"{out / MARKDOWN}, {out / HTML}", markup=False, soft_wrap=True)


@evaluate_app.command("open-loop")
def open_loop_command(  # noqa: PLR0917  (typer calls by name)
    model: Annotated[Path, typer.Argument(help="Folder of a bundle or of a checkpoint.")],
    dataset: Annotated[Path, typer.Argument(help="Folder of a LeRobot dataset.")],
    out: Annotated[Path, typer.Argument(help="Folder of the plots.")],
    episode: Annotated[list[int] | None, typer.Option(help="Episode; 0 by default.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Frames between two predictions.")] = 16,
    precision: Annotated[str, typer.Option(help="fp32 or int8; empty: the bundle's own.")] = "",
    steps: Annotated[int, typer.Option(min=0, help="Denoising steps of a checkpoint; 0: its own.")] = 0,
    noise_scale: NoiseOption = None,
) -> None:
    """Plot predicted chunks beside demonstrated actions, joint by joint."""
    settings = EvaluationSettings(precision=precision, steps=steps, noise_scale=noise_scale)
    refuse_unfit(dataset, settings.robot)
    reader = LeRobotReader(dataset)
    policy = open_network(str(model), load_contract(contract_path(settings.robot)), settings)
    found = [open_loop(policy, reader, number, every) for number in episode or [0]]
    grid = error_grid(found, reader.joint_names)
    write_plots(out, found, grid, reader)
    print_grid(grid)
