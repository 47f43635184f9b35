"""The part of a training run that ends with an encoder which sees: drawn, trained, and kept in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from accelerate import Accelerator
from dexora_core.errors import ConfigError
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import preset as policy_preset
from dexora_policy.model.resampler import Resampler
from dexora_sim.tasks import TASKS
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dexora_train.data.scenes import SceneConfig, Scenes, draw_scenes
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.frames import Frames
from dexora_train.learning.loop_log import Run
from dexora_train.learning.pretraining import Seeing
from dexora_train.learning.run_folder import SCENES, SEEING
from dexora_train.learning.seeing import place_error_m, pretrain
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.train_config import Reports, TrainConfig
from dexora_train.whole_file import whole_file


def seeing_of(
    frames: Frames, config: TrainConfig, folder: Path, accelerator: Accelerator, told: Reports
) -> Seeing:
    """Return an encoder that has learnt to see, from an earlier call where there is one."""
    policy = policy_preset(config.preset)
    count = policy.resampled_tokens
    questions = Resampler(policy.width, policy.heads, count) if count else None
    seeing, path = Seeing(VisualEncoder(encoder_preset(config.preset)), questions), folder / SEEING
    if not path.is_file():
        scenes = scenes_of(frames, config, folder, accelerator, told)
        told.stage("learning to see")
        stage = StageConfig(config.batch_seeing, config.seeing, config.seed, 0, config.imperfection)
        pretrain(seeing, frames, stage, Run(folder / "seeing", accelerator, told.line), scenes)
        if accelerator.is_main_process:
            _save(seeing, path)
        accelerator.wait_for_everyone()
    # All processes see with the same bits: whoever had others would compute tokens of its own.
    seeing.load_state_dict(load_file(path))
    seeing.encoder.backbone.requires_grad_(False)
    return seeing.eval()


def sight_of(seeing: Seeing, frames: Frames) -> str:
    """Return in words how well things are seen in held-out episodes."""
    return f"things are seen where they are within {1000 * place_error_m(seeing, frames):.0f} mm"


def _save(seeing: Seeing, path: Path) -> None:
    try:
        with whole_file(path) as partial:
            save_file({name: value.contiguous() for name, value in seeing.state_dict().items()}, partial)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"what was learnt to see could not be written to {path} ({error}); free some space and start "
            "again: the training itself is kept."
        ) from error


def scenes_of(
    frames: Frames, config: TrainConfig, folder: Path, accelerator: Accelerator, told: Reports
) -> Scenes | None:
    """Return the still scenes of a run, drawn now or by an earlier call; None where it has none."""
    if not config.scenes:
        return None
    told.stage("drawing scenes")
    with accelerator.main_process_first():
        return draw_scenes(scene_config(config), np.asarray(frames.state), folder / SCENES, told.count)


def scene_config(config: TrainConfig) -> SceneConfig:
    """Return which scenes a run has.

    Raises:
        ConfigError: There is no such task, or none is named.
    """
    unknown = [task for task in config.scene_tasks if task not in TASKS]
    if unknown or not config.scene_tasks:
        raise ConfigError(
            f"scene_tasks is [{', '.join(config.scene_tasks)}]; name at least one of {', '.join(TASKS)}."
        )
    encoder = encoder_preset(config.preset)
    return SceneConfig(config.scene_tasks, config.scenes, encoder.image_size, encoder.grid, config.robot)
