"""Draws an expert's episode as a strip of pictures.

    python -m dexora_sim.filmstrip lift docs/images/lift.png

For documentation and for looking at a task without a screen; nothing of the robot's software uses it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
from dexora_core.contract import load_contract
from numpy.typing import NDArray
from PIL import Image

from dexora_description import contract_path
from dexora_sim.env import RENDER_VIEW, DexoraEnv, EnvConfig
from dexora_sim.experts import EXPERTS, make_expert
from dexora_sim.experts.demonstration import play
from dexora_sim.offscreen import OffscreenRenderer
from dexora_sim.twin import Twin

Picture = NDArray[np.uint8]
_LOOK_AT_M = (0.36, 0.0, 0.96)
_DISTANCE_M, _AZIMUTH_DEG, _ELEVATION_DEG = 1.35, 152.0, -22.0


class Observer(OffscreenRenderer):
    """A camera that stands beside the table.

    Args:
        twin: What it looks at.
        width: Of its pictures [pixel].
        height: Of its pictures [pixel].
    """

    def __init__(self, twin: Twin, width: int, height: int) -> None:
        front = twin.contract.camera(RENDER_VIEW)
        super().__init__(twin.model, [replace(front, width=width, height=height)])
        self._twin = twin
        self._view.type = mujoco.mjtCamera.mjCAMERA_FREE
        self._view.lookat[:] = _LOOK_AT_M
        self._view.distance = _DISTANCE_M
        self._view.azimuth, self._view.elevation = _AZIMUTH_DEG, _ELEVATION_DEG

    def look(self) -> Picture:
        """Return a picture of this moment, (height, width, 3) uint8 RGB."""
        return self.render(self._twin.snapshot())[RENDER_VIEW]


def film(task: str, seed: int, width: int, height: int) -> list[Picture]:
    """Play an episode of a task's expert and return a picture of every step (20 a second)."""
    env = DexoraEnv(task, EnvConfig(image_size=None))
    expert = make_expert(task, load_contract(contract_path(env.config.robot)))
    observer = Observer(env.twin, width, height)
    return [observer.look() for _ in play(env, expert, seed)]


def strip(pictures: list[Picture], count: int) -> Picture:
    """Return pictures evenly spaced in time side by side, the first and the last among them."""
    chosen = np.linspace(0, len(pictures) - 1, count).round().astype(int)
    return np.hstack([pictures[index] for index in chosen])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m dexora_sim.filmstrip", description=__doc__)
    parser.add_argument("task", choices=sorted(EXPERTS))
    parser.add_argument("out", type=Path, help="picture to write, .png; or a film, .gif")
    parser.add_argument("--seed", type=int, default=0, help="seed of the episode")
    parser.add_argument("--count", type=int, default=5, help="pictures in the strip")
    parser.add_argument("--size", type=int, nargs=2, default=(360, 300), metavar=("WIDTH", "HEIGHT"))
    arguments = parser.parse_args()
    pictures = film(arguments.task, arguments.seed, *arguments.size)
    if arguments.out.suffix == ".gif":
        frames = [Image.fromarray(picture) for picture in pictures[::2]]
        frames[0].save(arguments.out, save_all=True, append_images=frames[1:], duration=100, loop=0)
    else:
        Image.fromarray(strip(pictures, arguments.count)).save(arguments.out, optimize=True)


if __name__ == "__main__":
    main()
