"""The stage in which an encoder learns to see: from demonstrations, and from many still scenes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from accelerate import Accelerator
from dexora_perception.model.config import CLASS_TOKENS
from numpy.typing import NDArray
from torch import Tensor

from dexora_train.data.scenes import Scenes
from dexora_train.learning.frames import Frames
from dexora_train.learning.loop import train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.losses import Draws
from dexora_train.learning.observation import seen_views
from dexora_train.learning.pretraining import Seeing, answers, augmented, lights, patch_loss, seeing_loss
from dexora_train.learning.processes import own_share
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.windows import draw


def pretrain(
    seeing: Seeing, frames: Frames, config: StageConfig, run: Run, scenes: Scenes | None = None
) -> None:
    """Teach an encoder where things are, then freeze its backbone.

    Args:
        seeing: The encoder and its questions.
        frames: Of demonstrations.
        config: How batches are drawn.
        run: Where.
        scenes: Still scenes, which then are half of each batch.
    """
    accelerator, encoder = run.accelerator, seeing.encoder
    prepared = accelerator.prepare(seeing)
    pictures = Pictures(frames, scenes, encoder.config.views)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        shown, known, patches = pictures.take(step, config, accelerator)
        # Random numbers are those of the whole batch, so that several processes see what one does.
        mine = torch.from_numpy(np.concatenate(pictures.shares(config.batch, accelerator)))
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        light = lights(config.batch, shown.shape[1], generator)[mine]
        shown, wanted = augmented(shown, light), answers(known)
        draws = Draws(config.seed, step, (config.batch, 1, 1), 0).at(mine)
        mask = seen_views(draws, shown.shape[1], config.imperfection)
        given, of_patches = prepared(shown.to(accelerator.device), mask.to(accelerator.device))
        loss, error_m = seeing_loss(given, wanted.to(accelerator.device))
        figures = {"place_error_m": float(error_m.detach())}
        if len(patches):
            of_scenes = of_patches[-len(patches) :, :, CLASS_TOKENS:]
            dense = patch_loss(of_scenes, patches.to(accelerator.device))
            loss, figures["patch_loss"] = loss + dense, float(dense.detach())
        return loss, figures

    train_loop(prepared, step_loss, config.loop, run)
    encoder.backbone.requires_grad_(False)
    encoder.eval()


class Pictures:
    """Draws what an encoder learns to see from: frames of demonstrations, and still scenes if there are any.

    Args:
        frames: Of demonstrations; of those held out nothing is taken.
        scenes: Half of each batch; None: none.
        views: The encoder's.
    """

    def __init__(self, frames: Frames, scenes: Scenes | None, views: Sequence[str]) -> None:
        spans = frames.of(held_out=False) or frames.spans
        self._numbers = np.concatenate([np.arange(s.first, s.first + s.length) for s in spans])
        self._frames, self._scenes = frames, scenes
        self._places = [frames.views.index(view) for view in views]
        self._scene_places = [] if scenes is None else [scenes.views.index(view) for view in views]

    def shares(self, batch: int, accelerator: Accelerator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the places in a batch of this process's frames, and those of its scenes."""
        frames, scenes = np.split(np.arange(batch), [batch - self._still(batch)])
        return own_share(frames, accelerator), own_share(scenes, accelerator)

    def _still(self, batch: int) -> int:
        return 0 if self._scenes is None else batch // 2

    def take(self, step: int, config: StageConfig, accelerator: Accelerator) -> tuple[Tensor, Tensor, Tensor]:
        """Return this process's pictures and what is true of them, those of scenes last.

        Returns:
            Pictures uint8 (B, V, S, S, 3), their truth (B, S), and the patches of the scenes among them, as
            `Scenes` has them.
        """
        still = self._still(config.batch)
        moving = config.batch - still
        of_frames, of_scenes = self.shares(config.batch, accelerator)
        chosen = self._numbers[draw(config.seed, step, len(self._numbers), moving)[of_frames]]
        shown, known = self._frames.images[chosen][:, self._places], self._frames.truth[chosen]
        patches = np.empty(0, np.float32)
        if self._scenes is not None:
            scenes = draw(config.seed + 1, step, len(self._scenes.truth), still)[of_scenes - moving]
            shown = np.concatenate([shown, self._scenes.images[scenes][:, self._scene_places]])
            known = np.concatenate([known, self._scenes.truth[scenes]])
            patches = self._scenes.patches[scenes][:, self._scene_places].astype(np.float32)
        return torch.from_numpy(shown), torch.from_numpy(np.asarray(known)), torch.from_numpy(patches)


@torch.no_grad()
def place_error_m(seeing: Seeing, frames: Frames, most: int = 512) -> float:
    """Return the mean error of the places of things [m] in frames of held-out episodes."""
    views = [frames.views.index(view) for view in seeing.encoder.config.views]
    spans = frames.of(held_out=True) or frames.spans
    numbers = np.concatenate([np.arange(s.first, s.first + s.length) for s in spans])
    chosen = numbers[np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(int)]
    errors = []
    device = next(seeing.parameters()).device
    for part in np.array_split(chosen, max(1, len(chosen) // 64)):
        pictures = torch.from_numpy(frames.images[part][:, views]).to(device)
        mask = torch.ones(pictures.shape[:2], dtype=torch.bool, device=device)
        wanted = answers(torch.from_numpy(np.asarray(frames.truth[part]))).to(device)
        errors.append(float(seeing_loss(seeing(pictures, mask)[0], wanted)[1]))
    return float(np.mean(errors))
