"""The stage in which a policy learns what words mean: asked about still scenes, it says where things are.

Demonstrations show few scenes, each with one instruction, so that a policy can remember what is wanted in a
scene instead of listening. A drawn scene can be asked about each of its things, in every wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.bundle import Statistics
from dexora_perception.model import VisualEncoder
from dexora_policy.model import LanguageEncoder, Policy
from dexora_policy.model.fusion import Fusion
from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks import make_task
from dexora_sim.tasks.base import COLOURS, Goal, Task
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dexora_train.data import truth
from dexora_train.data.scenes import FIRST_SCENE_SEED, SceneConfig, Scenes, poses_of, task_of_scene
from dexora_train.learning.loop import train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.observation import Observed, features
from dexora_train.learning.processes import own_share
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.tokens import BATCH, tokens_of
from dexora_train.learning.windows import draw
from dexora_train.word_tokenizer import encoded

WORKSPACE_M = np.array([0.5, 0.0, 0.85], np.float32)
"""Middle of where things are, in the world frame; places are told from there."""
_COLOUR_COUNTS = 0.1


@dataclass(frozen=True)
class Asked(Observed):
    """Questions about scenes, on a device.

    Attributes:
        place: Where what the instruction names is, from `WORKSPACE_M` (B, 3) [m].
        colour: Number of the named colour (B,).
    """

    place: Tensor
    colour: Tensor


class Listening(nn.Module):
    """The parts of a policy between words and the task token, and a head that no checkpoint keeps.

    Args:
        encoder: Only its adapter is used.
        language: Instruction to features.
        policy: Only its fusion is used.
    """

    def __init__(self, encoder: VisualEncoder, language: LanguageEncoder, policy: Policy) -> None:
        super().__init__()
        self.adapter, self.language, self.fusion = encoder.adapter, language, policy.fusion
        self.where = nn.Linear(policy.config.width, len(truth.AXES) + len(COLOURS))

    def forward(self, asked: Asked) -> Tensor:
        """Return the loss of where the named things are and of which colour was named."""
        return words_loss(self.adapter, self.language, self.fusion, self.where, asked)


def words_loss(
    adapter: nn.Module, language: nn.Module, fusion: Fusion, where: nn.Linear, asked: Asked
) -> Tensor:
    """Return the loss of where the named things are and of which colour was named.

    Args:
        adapter: Of the encoder.
        language: Instruction to features.
        fusion: Makes the task token.
        where: From the task token to a place [dm] and a logit for each colour.
        asked: The questions.
    """
    tokens, words = features(adapter, language, asked)
    views = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    known = torch.ones_like(asked.state, dtype=torch.bool)
    fused, _ = fusion((tokens, views), (words, asked.id_mask > 0), (asked.state, known))
    found = where(fusion.task_of(fused))
    place = functional.smooth_l1_loss(found[:, : len(truth.AXES)], truth.DECIMETRES * asked.place)
    return place + _COLOUR_COUNTS * functional.cross_entropy(found[:, len(truth.AXES) :], asked.colour)


class Questions:
    """Draws questions about scenes.

    Args:
        scenes: The scenes.
        config: Which they are.
        poses_rad: Joint positions that they were drawn from, (F, J) [rad].
        encoder: Sees them; its backbone is frozen.
        statistics: Normalisation.
        tokenizer: Content of `tokenizer.json`.
    """

    def __init__(  # noqa: PLR0917 - what a question is made of
        self,
        scenes: Scenes,
        config: SceneConfig,
        poses_rad: NDArray[np.float32],
        encoder: VisualEncoder,
        statistics: Statistics,
        tokenizer: str,
    ) -> None:
        asked = _questions(config)
        self._scene = np.array([number for number, _, _ in asked])
        self._ids, self._id_mask = encoded(tokenizer, sentences_of(config))
        columns = np.array(
            [[truth.NAMES.index(f"{colour}_{axis}") for axis in truth.AXES] for _, _, colour in asked]
        )
        self._place = scenes.truth[self._scene[:, None], columns] - WORKSPACE_M
        self._colour = torch.tensor([list(COLOURS).index(colour) for _, _, colour in asked])
        self._state = statistics.normalise_state(poses_of(config, poses_rad))
        self._tokens = _tokens(encoder, scenes)

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self._scene)

    def drawn(self, step: int, count: int, seed: int, accelerator: Accelerator) -> Asked:
        """Return this process's share of the questions of a training step."""
        chosen = own_share(draw(seed, step, len(self), count), accelerator)
        scenes, device = self._scene[chosen], accelerator.device
        return Asked(
            torch.from_numpy(self._tokens[scenes]).to(device),
            self._ids[chosen].to(device),
            self._id_mask[chosen].to(device),
            torch.from_numpy(self._state[scenes]).to(device),
            torch.from_numpy(self._place[chosen]).to(device),
            self._colour[chosen].to(device),
        )


def learn_words(listening: Listening, questions: Questions, config: StageConfig, run: Run) -> None:
    """Train language and fusion on questions; the averaged weights stay in them."""
    prepared = run.accelerator.prepare(listening)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        return prepared(questions.drawn(step, config.batch, config.seed, run.accelerator)), {}

    train_loop(prepared, step_loss, config.loop, run)


def sentences_of(config: SceneConfig) -> list[str]:
    """Return every instruction that questions about some scenes use; their words must be known."""
    return [text for _, text, _ in _questions(config)]


def known_of(demonstrated: Sequence[str], config: SceneConfig | None) -> tuple[str, ...]:
    """Return every instruction that a policy may be given without asking back.

    Args:
        demonstrated: Instructions of the demonstrations.
        config: Scenes that it was asked about; None: none. Their wordings count for tasks that were
            demonstrated: about the others a policy was asked, and never saw them done.
    """
    asked = (
        [(task_of_scene(config, number), text) for number, text, _ in _questions(config)] if config else []
    )
    seen = set(demonstrated)
    shown = {task for task, text in asked if text in seen}
    return tuple(dict.fromkeys([*demonstrated, *(text for task, text in asked if task in shown)]))


@cache
def _questions(config: SceneConfig) -> tuple[tuple[int, str, str], ...]:
    """Return scene, instruction and colour of what it names, for each thing that can be named."""
    return tuple(_drawn(config))


def _drawn(config: SceneConfig) -> Iterator[tuple[int, str, str]]:
    tasks = {name: make_task(name) for name in config.tasks}
    levels = Randomisation.train()
    for number in range(config.count):
        task = tasks[task_of_scene(config, number)]
        seed = FIRST_SCENE_SEED + number
        goal, _, colours = task.choose(seed, levels)
        rng = stream(seed, "words")
        for asked in _goals(task, goal, colours):
            phrasings = task.phrasings(asked)
            yield number, str(phrasings[int(rng.integers(len(phrasings)))]), asked.colour


def _goals(task: Task, goal: Goal, colours: dict[str, str]) -> Iterator[Goal]:
    """Yield the goal for each thing that the task could be about."""
    for name in task.named_objects:
        yield replace(goal, target=name, colour=colours[name], shape=name)


def _tokens(encoder: VisualEncoder, scenes: Scenes) -> NDArray[np.float16]:
    """Return the backbone's tokens of all scenes, (N, V, T, W)."""
    config = encoder.config
    places = [scenes.views.index(view) for view in config.views]
    shape = (len(scenes.images), len(places), config.tokens_per_view, config.backbone_width)
    found = np.empty(shape, np.float16)
    for first in range(0, len(found), BATCH):
        pictures = torch.from_numpy(scenes.images[first : first + BATCH][:, places])
        found[first : first + BATCH] = tokens_of(encoder, pictures)
    return found
