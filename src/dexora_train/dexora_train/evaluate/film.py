"""Films of finished episodes: played again by their seed, seen from beside the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dexora_sim.filmstrip import Observer
from dexora_sim.offscreen import Image

from dexora_train.evaluate.episode import EpisodeResult, play
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.opening import identify
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.run import model_of, scene_of

WIDTH, HEIGHT = 320, 272


@dataclass(frozen=True)
class Film:
    """An episode in pictures.

    Attributes:
        episode: How it went when it was evaluated.
        pictures: One per step of 50 ms, the start first, (HEIGHT, WIDTH, 3) uint8 RGB.
        is_same: Whether it went the same way again, to the last digit.
    """

    episode: EpisodeResult
    pictures: Sequence[Image]
    is_same: bool


class Studio:
    """Plays episodes of some results again.

    Args:
        source: The model that was evaluated: directory of a bundle or checkpoint, or `expert`.
        results: What it did.

    Raises:
        EvaluationError: It is another model.
    """

    def __init__(self, source: str, results: Results) -> None:
        found, wanted = identify(source), results.subject.model
        if found.digest != wanted.digest:
            raise EvaluationError(
                f"{source}: is {found.name}; {results.folder} holds results of {wanted.name}."
            )
        self._source, self._settings = source, results.subject.settings
        self._observers: dict[str, Observer] = {}

    def film(self, episode: EpisodeResult) -> Film:
        """Return the film of an episode."""
        scene = scene_of(episode.task, self._settings)
        if episode.task not in self._observers:
            self._observers[episode.task] = Observer(scene.env.twin, WIDTH, HEIGHT)
        observer = self._observers[episode.task]
        pictures: list[Image] = []
        model = model_of(self._source, self._settings)
        again = play(scene, model, self._settings, episode.seed, lambda _: pictures.append(observer.look()))
        is_same = replace(again, wall_s=0.0) == replace(episode, wall_s=0.0)
        return Film(episode, pictures, is_same)


def worth_showing(results: Results, failures: int) -> list[EpisodeResult]:
    """Return of each task the success with the lowest seed and failures that ended differently."""
    chosen: list[EpisodeResult] = []
    for task in results.tasks:
        episodes = results.of_task(task)
        chosen += [episode for episode in episodes if episode.is_success][:1]
        endings: dict[str, EpisodeResult] = {}
        for episode in episodes:
            if not episode.is_success:
                endings.setdefault(episode.ending, episode)
        chosen += list(endings.values())[:failures]
    return chosen
