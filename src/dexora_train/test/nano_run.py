"""A training of seconds on data that nobody recorded; started as a script, it is one process of several.

Arguments of the script: a dataset, then for each run its folder and its settings as JSON. {rank} in a folder
is the number of the process. What was told, or why it failed, is written beside each folder.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_sim.tasks.base import COLOURS
from dexora_train.data import layout, truth
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.scenes import Scenes
from dexora_train.data.staging import Staging
from dexora_train.data.writer import DatasetPlan, write_dataset
from dexora_train.learning import seeing_run
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.train import train
from dexora_train.learning.train_config import Reports, TrainConfig

from dexora_description import contract_path

NANO = TrainConfig(
    preset="nano",
    seeing=LoopConfig(2, save_every=1),
    acting=LoopConfig(3, save_every=1),
    batch_seeing=4,
    batch_acting=4,
    copies=2,
    max_prefix_steps=4,
)


def write_small_dataset(root, episodes=2):
    """Write episodes as nano takes them: four views of 64 pixels, ground truth of the simulation."""
    contract, staging = load_contract(contract_path("dexora36")), Staging(root / "staging", 20)
    rng = np.random.default_rng(0)
    for number in range(episodes):
        state = np.tile(contract.home_rad, (8, 1)).astype(np.float32) + 0.01 * number
        images = {view: rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8) for view in contract.views}
        facts = np.zeros((8, len(truth.NAMES)), np.float32)
        facts[:, 3] = 1.0
        staging.add(f"e-{number}", RecordedEpisode("touch it", state, state, images, facts))
    features = layout.features_of(contract, contract.views, (64, 64), truth.NAMES)
    write_dataset(root / "dataset", DatasetPlan(contract.name, 20, features), staging.episodes())
    return root / "dataset"


def made_scenes(config, *_):
    """Return scenes of noise, in which every thing lies in the middle."""
    rng, views = np.random.default_rng(0), load_contract(contract_path("dexora36")).views
    images = rng.integers(0, 256, (config.count, len(views), 64, 64, 3), dtype=np.uint8)
    patches = np.zeros((config.count, len(views), config.grid**2, len(COLOURS), 4), np.float16)
    return Scenes(tuple(views), images, np.zeros((config.count, len(truth.NAMES)), np.float32), patches)


def main(dataset, *runs):
    """Train as one process of several."""
    torch.set_num_threads(1)
    seeing_run.draw_scenes = made_scenes
    for folder, settings in zip(runs[::2], runs[1::2], strict=True):
        out, lines = Path(folder.format(rank=os.environ["RANK"])), []
        told = Reports(line=lambda line, lines=lines: lines.append(to_dict(line)))
        try:
            train(Path(dataset), out, TrainConfig.from_dict(json.loads(settings)), told)
        except TrainingError as error:
            lines.append(str(error))
        if lines:
            Path(f"{out}.json").write_text(json.dumps(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
