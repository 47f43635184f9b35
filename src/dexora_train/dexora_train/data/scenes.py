"""Still scenes with what is true of them: thousands of layouts for an encoder, where episodes show few.

A scene takes a fiftieth of the time of an episode, and no two are alike, as the frames of an episode are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from dexora_core.contract import load_contract
from dexora_core.records import to_dict
from dexora_perception.preprocess import resize
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.tasks.base import COLOURS
from dexora_sim.twin import Twin
from numpy.typing import NDArray

from dexora_description import contract_path
from dexora_sim import gl
from dexora_train.arrays import new_array
from dexora_train.data import patches, truth
from dexora_train.data.cameras import cameras_of
from dexora_train.data.errors import DatasetError
from dexora_train.pool import processes
from dexora_train.whole_file import write_whole

FIRST_SCENE_SEED = 500_000
"""Seeds of scenes begin here: above those of demonstrations, below those of evaluation."""
_BLOCK = 50
_INDEX = "index.json"
Arrays = tuple[NDArray[Any], ...]
"""Pictures, truth and patches of N scenes, as `Scenes` has them."""
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class SceneConfig:
    """Which scenes to draw.

    Attributes:
        tasks: Their scenes are taken in turn.
        count: Number of scenes.
        image_size: Edge of the square pictures in pixels.
        grid: Patches along it.
        robot: Name of the robot.
        workers: Processes.
    """

    tasks: tuple[str, ...]
    count: int
    image_size: int = 96
    grid: int = 6
    robot: str = "dexora36"
    workers: int = 2


@dataclass(frozen=True)
class Scenes:
    """Scenes with their truth.

    Attributes:
        views: Names of the V views.
        images: Pictures, (N, V, S, S, 3) uint8 RGB.
        truth: Values of `truth.NAMES`, (N, S).
        patches: What each patch shows, (N, V, grid², colours, `patches.VALUES`).
    """

    views: tuple[str, ...]
    images: NDArray[np.uint8]
    truth: NDArray[np.float32]
    patches: NDArray[np.float16]


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
        DatasetError: The folder holds other scenes or broken ones, a worker was killed, or the disk cannot be
            written.
    """
    try:
        arrays, done = _open(config, directory)
        _draw(config, poses_rad, directory, arrays, done, report=report)
    except OSError as error:
        raise DatasetError(
            f"scenes could not be written to {directory} ({error}); free some space and start again: what "
            "was finished is kept."
        ) from error
    return Scenes(tuple(load_contract(contract_path(config.robot)).views), *arrays)


def poses_of(config: SceneConfig, poses_rad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the joint positions that the robot is seen in, scene by scene, (N, J) [rad]."""
    return np.random.default_rng(0).choice(poses_rad, config.count)


def task_of_scene(config: SceneConfig, number: int) -> str:
    """Return the task whose scene one is; the tasks take turns in blocks."""
    return config.tasks[number // _BLOCK % len(config.tasks)]


def _open(config: SceneConfig, directory: Path) -> tuple[Arrays, int]:
    """Return the arrays, and how many scenes they hold already."""
    views, size = len(load_contract(contract_path(config.robot)).views), config.image_size
    shapes: dict[str, tuple[type, tuple[int, ...]]] = {
        "images": (np.uint8, (views, size, size, 3)),
        "truth": (np.float32, (len(truth.NAMES),)),
        "patches": (np.float16, (views, config.grid**2, len(COLOURS), patches.VALUES)),
    }
    about = json.loads(json.dumps({**to_dict(config), "workers": 0}))
    if (directory / _INDEX).is_file():
        try:
            found = json.loads((directory / _INDEX).read_text())
            kept = tuple(np.load(directory / f"{name}.npy", mmap_mode="r+") for name in shapes)
        except (OSError, EOFError, ValueError) as error:
            raise DatasetError(
                f"scenes of {directory} cannot be read ({error}); remove it, and they are drawn anew."
            ) from error
        if found["config"] != about:
            raise DatasetError(f"{directory} holds other scenes ({found['config']}); use another folder.")
        return kept, int(found["done"])
    directory.mkdir(parents=True, exist_ok=True)
    made = tuple(
        new_array(directory / f"{name}.npy", dtype, (config.count, *shape))
        for name, (dtype, shape) in shapes.items()
    )
    write_whole(directory / _INDEX, json.dumps({"config": about, "done": 0}))
    return made, 0


def _draw(
    config: SceneConfig,
    poses_rad: NDArray[np.float32],
    directory: Path,
    arrays: Arrays,
    done: int,
    *,
    report: Report,
) -> None:
    if done >= config.count:
        return
    gl.choose()
    blocks = [range(first, min(first + _BLOCK, config.count)) for first in range(done, config.count, _BLOCK)]
    poses = poses_of(config, poses_rad)
    about = json.loads((directory / _INDEX).read_text())
    with processes(config.workers, DatasetError) as pool:
        tasks = [task_of_scene(config, block.start) for block in blocks]
        drawn = pool.map(partial(_block, config), tasks, blocks, [poses[list(block)] for block in blocks])
        for block, found in zip(blocks, drawn, strict=True):
            for whole, part in zip(arrays, found, strict=True):
                whole[block.start : block.stop] = part
            write_whole(directory / _INDEX, json.dumps({**about, "done": block.stop}))
            report(block.stop, config.count)


def _block(config: SceneConfig, task: str, numbers: range, poses_rad: NDArray[np.float32]) -> Arrays:
    """Return pictures, truth and patches of some scenes of a task; each has its own seed."""
    twin, renderer = _rig(task, config.robot)
    found = []
    for number, pose_rad in zip(numbers, poses_rad, strict=True):
        twin.reset(FIRST_SCENE_SEED + number, q_rad=pose_rad)
        pictures = [resize(one, config.image_size) for one in renderer.render(twin.snapshot()).values()]
        shown = patches.patches_of(twin, renderer, config.image_size, config.grid)
        found.append((np.stack(pictures), truth.truth_of(twin), shown))
    images, values, answers = zip(*found, strict=True)
    return np.stack(images), np.stack(values), np.stack(answers)


@cache
def _rig(task: str, robot: str) -> tuple[Twin, OffscreenRenderer]:
    """Return twin and cameras of this process; building them takes seconds."""
    contract = load_contract(contract_path(robot))
    twin = Twin(contract, make_task(task), randomisation=Randomisation.train())
    return twin, OffscreenRenderer(twin.model, cameras_of(contract))
