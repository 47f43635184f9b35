"""A folder of results: what was evaluated and how, and one line per finished episode. Small enough to commit.

settings.json     model and settings; the folder takes no others
episodes.jsonl    one `EpisodeResult` per line, in the order in which they finished
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexora_core.errors import ConfigError
from dexora_core.records import from_dict, to_dict

from dexora_train.evaluate.episode import EpisodeResult
from dexora_train.evaluate.errors import EvaluationError, writing
from dexora_train.evaluate.opening import ModelIdentity
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.whole_file import write_whole

SETTINGS, EPISODES = "settings.json", "episodes.jsonl"
Key = tuple[str, int]
"""Task and seed of an episode."""


@dataclass(frozen=True)
class Subject:
    """What a folder's results are of.

    Attributes:
        model: What was evaluated.
        settings: How.
    """

    model: ModelIdentity
    settings: EvaluationSettings


class Results:
    """Results on disk, and in memory.

    Args:
        folder: Where they are; it need not exist yet.
        subject: What they are of.

    Attributes:
        folder: As given.
        subject: As given.
        episodes: By task and seed.

    Raises:
        EvaluationError: The folder holds results of something else, or a line that is no result.
    """

    def __init__(self, folder: Path, subject: Subject) -> None:
        self.folder, self.subject = folder, subject
        if (folder / SETTINGS).exists():
            _refuse_others(folder, _read_subject(folder), subject)
        self.episodes: dict[Key, EpisodeResult] = {
            (episode.task, episode.seed): episode for episode in _read_episodes(folder / EPISODES)
        }

    @classmethod
    def read(cls, folder: Path) -> Results:
        """Return the results that a folder holds.

        Raises:
            EvaluationError: It holds none.
        """
        return cls(folder, _read_subject(folder))

    def of_task(self, task: str) -> list[EpisodeResult]:
        """Return a task's episodes by seed."""
        return [self.episodes[key] for key in sorted(self.episodes) if key[0] == task]

    @property
    def tasks(self) -> list[str]:
        """Tasks that have episodes, in the order of their first one."""
        return list(dict.fromkeys(task for task, _ in self.episodes))

    def begin(self) -> None:
        """Make the folder ready for new lines; a line that was cut off is removed.

        Raises:
            EvaluationError: The folder cannot be written.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / SETTINGS).exists():
                write_whole(self.folder / SETTINGS, json.dumps(to_dict(self.subject), indent=1) + "\n")
            _cut_torn_line(self.folder / EPISODES)

    def add(self, episode: EpisodeResult) -> None:
        """Append a result; it survives whatever happens next.

        Raises:
            EvaluationError: It cannot be written; what was there before is still there.
        """
        line = json.dumps(to_dict(episode)) + "\n"
        try:
            with (self.folder / EPISODES).open("a") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EvaluationError(
                f"{self.folder / EPISODES}: cannot be written ({error}); make room and start again, finished "
                "episodes are kept."
            ) from error
        self.episodes[episode.task, episode.seed] = episode


def _read_subject(folder: Path) -> Subject:
    path = folder / SETTINGS
    try:
        return from_dict(Subject, json.loads(path.read_text()), str(path))
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"{path}: cannot be read ({error}); is this a folder that `dexora-train evaluate run` wrote?"
        ) from error
    except ConfigError as error:
        raise EvaluationError(f"{error.message}. The folder is of another version; evaluate anew.") from error


def _refuse_others(folder: Path, there: Subject, wanted: Subject) -> None:
    old, new = _flat(there), _flat(wanted)
    differences = [f"{name} {old[name]!r}, not {new[name]!r}" for name in old if old[name] != new[name]]
    if differences:
        raise EvaluationError(
            f"{folder}: holds results of {'; '.join(differences)}. Give each a folder of its own."
        )


def _flat(subject: Subject) -> dict[str, Any]:
    return {"model": subject.model.digest[:12], **to_dict(subject.settings)}


def _read_episodes(path: Path) -> list[EpisodeResult]:
    if not path.exists():
        return []
    text = path.read_text()
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [_episode(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _episode(line: str, where: str) -> EpisodeResult:
    try:
        return from_dict(EpisodeResult, json.loads(line))
    except (ValueError, ConfigError) as error:
        raise EvaluationError(f"{where}: is no result ({error}); remove the line.") from error


def _cut_torn_line(path: Path) -> None:
    """Remove what a process that was killed while writing left behind the last whole line."""
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)
