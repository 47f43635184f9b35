"""Still scenes with what is true of them: thousands of layouts for an encoder, where episodes show few.

A scene takes a fiftieth of the time of an episode, and no two are alike, as the frames of an episode are.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_perception.preprocess import resize
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.twin import Twin
from numpy.typing import NDArray

from dexora_description import contract_path
from dexora_sim import gl
from dexora_train.data import truth
from dexora_train.data.cameras import cameras_of
from dexora_train.data.errors import DatasetError

FIRST_SCENE_SEED = 500_000
"""Seeds of scenes begin here: above those of demonstrations, below those of evaluation."""
_BLOCK = 50
_IMAGES, _TRUTH, _INDEX = "images.npy", "truth.npy", "index.json"
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class SceneConfig:
    """Which scenes to draw.

    Attributes:
        tasks: Their scenes are taken in turn.
        count: Number of scenes.
        image_size: Edge of the square pictures in pixels.
        robot: Name of the robot.
        workers: Processes.
    """

    tasks: tuple[str, ...]
    count: int
    image_size: int = 96
    robot: str = "dexora36"
    workers: int = 2


@dataclass(frozen=True)
class Scenes:
    """Scenes with their truth.

    Attributes:
        views: Names of the V views.
        images: Pictures, (N, V, S, S, 3) uint8 RGB.
        truth: Values of `truth.NAMES`, (N, S).
    """

    views: tuple[str, ...]
    images: NDArray[np.uint8]
    truth: NDArray[np.float32]


def draw_scenes(
    config: SceneConfig,
    poses_rad: NDArray[np.float32],
    directory: Path,
    report: Report = lambda done, total: None,
) -> Scenes:
    """Draw scenes, or return those of an earlier call; one that was interrupted goes on.

    Args:
        config: Which.
        poses_rad: Joint positions that the robot may be seen in, (F, J) [rad]; those of demonstrations.
        directory: Where the arrays go; 28 kB per scene and 96-pixel view.
        report: Called with the scenes done and their total.

    Raises:
        DatasetError: The folder holds other scenes, or the disk cannot be written.
    """
    try:
        images, values, done = _open(config, directory)
        _draw(config, poses_rad, directory, (images, values), done, report=report)
    except OSError as error:
        raise DatasetError(
            f"scenes could not be written to {directory} ({error}); free some space and start again: what "
            "was finished is kept."
        ) from error
    return Scenes(tuple(load_contract(contract_path(config.robot)).views), images, values)


def _open(config: SceneConfig, directory: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32], int]:
    """Return the arrays, and how many scenes they hold already."""
    about = json.loads(json.dumps({**to_dict(config), "workers": 0}))
    path = directory / _INDEX
    if path.is_file():
        found = json.loads(path.read_text())
        if found["config"] != about:
            raise DatasetError(f"{directory} holds other scenes ({found['config']}); use another folder.")
        images = np.load(directory / _IMAGES, mmap_mode="r+")
        return images, np.load(directory / _TRUTH, mmap_mode="r+"), int(found["done"])
    directory.mkdir(parents=True, exist_ok=True)
    views = len(load_contract(contract_path(config.robot)).views)
    shape = (config.count, views, config.image_size, config.image_size, 3)
    images = np.lib.format.open_memmap(directory / _IMAGES, mode="w+", dtype=np.uint8, shape=shape)
    size = (config.count, len(truth.NAMES))
    values = np.lib.format.open_memmap(directory / _TRUTH, mode="w+", dtype=np.float32, shape=size)
    path.write_text(json.dumps({"config": about, "done": 0}))
    return images, values, 0


def _draw(
    config: SceneConfig,
    poses_rad: NDArray[np.float32],
    directory: Path,
    arrays: tuple[NDArray[np.uint8], NDArray[np.float32]],
    done: int,
    *,
    report: Report,
) -> None:
    if done >= config.count:
        return
    gl.choose()
    blocks = [range(first, min(first + _BLOCK, config.count)) for first in range(done, config.count, _BLOCK)]
    poses = np.random.default_rng(0).choice(poses_rad, config.count)
    about = json.loads((directory / _INDEX).read_text())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(config.workers, mp_context=context) as pool:
        tasks = [config.tasks[block.start // _BLOCK % len(config.tasks)] for block in blocks]
        drawn = pool.map(partial(_block, config), tasks, blocks, [poses[list(block)] for block in blocks])
        for block, (images, values) in zip(blocks, drawn, strict=True):
            arrays[0][block.start : block.stop], arrays[1][block.start : block.stop] = images, values
            (directory / _INDEX).write_text(json.dumps({**about, "done": block.stop}))
            report(block.stop, config.count)


def _block(
    config: SceneConfig, task: str, numbers: range, poses_rad: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return pictures and truth of some scenes of a task; each has its own seed."""
    twin, renderer = _rig(task, config.robot)
    found = []
    for number, pose_rad in zip(numbers, poses_rad, strict=True):
        twin.reset(FIRST_SCENE_SEED + number, q_rad=pose_rad)
        pictures = renderer.render(twin.snapshot()).values()
        found.append((np.stack([resize(one, config.image_size) for one in pictures]), truth.truth_of(twin)))
    return np.stack([images for images, _ in found]), np.stack([values for _, values in found])


@cache
def _rig(task: str, robot: str) -> tuple[Twin, OffscreenRenderer]:
    """Return twin and cameras of this process; building them takes seconds."""
    contract = load_contract(contract_path(robot))
    twin = Twin(contract, make_task(task), randomisation=Randomisation.train())
    return twin, OffscreenRenderer(twin.model, cameras_of(contract))
