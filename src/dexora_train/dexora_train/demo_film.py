"""Films a policy or an expert at its tasks, for documentation.

    python -m dexora_train.demo_film expert docs/images/demo.webp
    python -m dexora_train.demo_film <bundle or checkpoint> docs/images/demo.webp --task reach --task lift

One episode of each task after the other, in the environment, seen from beside the table; the words that were
said stand below. The same model and seeds give the same film.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dexora_core.errors import DexoraError
from dexora_sim.film import Picture, captioned, write_film
from dexora_sim.filmstrip import Observer

from dexora_train.evaluate.episode import EpisodeResult, play
from dexora_train.evaluate.run import model_of, scene_of
from dexora_train.evaluate.settings import EvaluationSettings

TASKS = ("reach", "lift", "bimanual_lift")
FIRST_SEED = 1_000_000
"""Of an episode; training never saw one from here on."""
EVERY = 2
"""Steps of 50 ms between two pictures."""
PERIOD_MS = 100
"""So long each is shown: as fast as it was."""
STILL = 12
"""Pictures of the end, which stands still for a moment."""
MOST_BYTES = 1_500_000


@dataclass(frozen=True)
class Wish:
    """What is to be filmed.

    Attributes:
        model: Directory of a bundle or a checkpoint, or `expert`.
        tasks: One episode of each.
        seed: Of every episode.
        size: Width and height of the pictures [pixel].
    """

    model: str
    tasks: tuple[str, ...] = TASKS
    seed: int = FIRST_SEED
    size: tuple[int, int] = (480, 360)


def film_of(wish: Wish, task: str) -> tuple[list[Picture], EpisodeResult]:
    """Return the pictures of one episode, with words below, and how it went.

    Args:
        wish: What is to be filmed.
        task: Name of the task.

    Raises:
        DexoraError: The model cannot be opened, or nobody knows the task.
    """
    settings = EvaluationSettings()
    scene, model = scene_of(task, settings), model_of(wish.model, settings)
    observer = Observer(scene.env.twin, *wish.size)
    pictures: list[Picture] = []
    result = play(scene, model, settings, wish.seed, lambda _: pictures.append(observer.look()))
    shown = pictures[::EVERY]
    told = [captioned(picture, result.instruction) for picture in shown]
    outcome = f"done in {result.time_s:.1f} s" if result.is_success else "not done"
    return told + [captioned(pictures[-1], result.instruction, outcome)] * STILL, result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when the film is written."""
    parser = argparse.ArgumentParser(
        prog="python -m dexora_train.demo_film",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", help="directory of a bundle or of a checkpoint, or `expert`")
    parser.add_argument("out", type=Path, help="film to write, .webp or .gif")
    parser.add_argument("--task", action="append", help=f"may be repeated; {', '.join(TASKS)} when left out")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the episodes")
    parser.add_argument("--size", type=int, nargs=2, default=Wish.size, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--most-bytes", type=int, default=MOST_BYTES, help="how large the file may be")
    given = parser.parse_args(arguments)
    wish = Wish(given.model, tuple(given.task or TASKS), given.seed, tuple(given.size))
    try:
        count = _write(wish, given.out, given.most_bytes)
    except DexoraError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{given.out}: {count} bytes\n")
    return 0


def _write(wish: Wish, path: Path, most_bytes: int) -> int:
    pictures: list[Picture] = []
    for task in wish.tasks:
        more, result = film_of(wish, task)
        pictures += more
        sys.stdout.write(f'{task}, seed {wish.seed}, "{result.instruction}": {result.ending}\n')
    return write_film(path, pictures, PERIOD_MS, most_bytes)


if __name__ == "__main__":
    sys.exit(main())
