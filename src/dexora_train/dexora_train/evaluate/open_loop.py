"""Chunks beside demonstrations: what a policy would do at moments of a dataset, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.faults import Fault
from dexora_core.motion.limits import FloatArray
from numpy.typing import NDArray

from dexora_train.data import layout
from dexora_train.data.reader import LeRobotReader
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.network import NetworkModel


@dataclass(frozen=True)
class RecordedSight:
    """A moment of an episode.

    Attributes:
        time_ns: Since the episode's start [ns].
        position: Measured joint positions, shape (J,) [rad].
        instruction: What was asked for.
        by_view: Pictures by view, (S, S, 3) uint8 RGB.
    """

    time_ns: int
    position: FloatArray
    instruction: str
    by_view: dict[str, NDArray[np.uint8]]

    def pictures(self, views: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
        """Return pictures by view, in the given order.

        Raises:
            EvaluationError: A view was not recorded.
        """
        missing = [view for view in views if view not in self.by_view]
        if missing:
            raise EvaluationError(f"the dataset has no view {', '.join(missing)}; the policy needs it.")
        return {view: self.by_view[view] for view in views}


@dataclass(frozen=True)
class OpenLoop:
    """Predictions over one episode.

    Attributes:
        episode: Number of the episode in the dataset.
        instruction: What was asked for.
        demonstrated: Actions of the demonstration, shape (T, J) [rad].
        starts: Frames at which the policy was asked, K of them.
        chunks: What it would do from there on, shape (K, H, J) [rad].
    """

    episode: int
    instruction: str
    demonstrated: FloatArray
    starts: tuple[int, ...]
    chunks: FloatArray

    def errors(self) -> FloatArray:
        """Return the absolute error of each step, shape (K, H, J) [rad]; NaN beyond the episode's end."""
        horizon = self.chunks.shape[1]
        frames = np.array(self.starts)[:, None] + np.arange(horizon) - layout.ACTION_LEAD_STEPS
        is_real = frames < len(self.demonstrated)
        wanted = self.demonstrated[np.clip(frames, 0, len(self.demonstrated) - 1)]
        return np.where(is_real[..., None], np.abs(self.chunks - wanted), np.nan)


def open_loop(model: NetworkModel, reader: LeRobotReader, episode: int, every: int) -> OpenLoop:
    """Ask a policy at every so many frames of an episode; nothing is committed before.

    Args:
        model: The policy.
        reader: The dataset; its pictures should have the size that the policy was trained on.
        episode: Number of the episode.
        every: Frames between two questions.

    Raises:
        EvaluationError: The dataset has no such episode, or lacks a view.
        EngineError: A graph failed.
    """
    if not 0 <= episode < len(reader):
        raise EvaluationError(f"{reader.root}: has episodes 0 to {len(reader) - 1}, not {episode}.")
    starts: list[int] = []
    chunks: list[FloatArray] = []
    demonstrated = reader.column(episode, layout.ACTION).astype(np.float64)
    nothing = np.empty((0, demonstrated.shape[1]))
    for frame, sight in enumerate(_sights(reader, episode)):
        if frame % every:
            continue
        if not starts:
            model.restart(sight, episode)
        answer = model.predict(sight, nothing)
        if isinstance(answer, Fault):
            raise EvaluationError(f"episode {episode}, frame {frame}: {answer.code}: {answer.sentence}")
        starts.append(frame)
        chunks.append(answer.positions.astype(np.float64))
    return OpenLoop(episode, reader.episodes[episode].task, demonstrated, tuple(starts), np.stack(chunks))


def _sights(reader: LeRobotReader, episode: int) -> Iterator[RecordedSight]:
    states = reader.column(episode, layout.STATE).astype(np.float64)
    films = {view: reader.frames(episode, view) for view in reader.views}
    for frame, position in enumerate(states):
        pictures = {view: next(film) for view, film in films.items()}
        time_ns = frame * NS_PER_S // reader.rate_hz
        yield RecordedSight(time_ns, position, reader.episodes[episode].task, pictures)
