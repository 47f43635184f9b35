"""Puts a world around the robot: MuJoCo options, table, textures, and what a task adds.

World frame: origin on the floor below the robot's base, x forward, y to the robot's left, z up, metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mujoco
import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation
from dexora_sim.textures import TEXTURES, texture_pixels

TIMESTEP_S = 0.002
"""500 Hz; contacts of fingertips on a can are stable at this step."""
IMPEDANCE_RATIO = 10.0
"""Friction ten times stiffer than normal force, so that a held object does not creep."""


@dataclass(frozen=True)
class ResetContext:
    """What a scene gets to lay out an episode.

    Attributes:
        model: Compiled model.
        data: State with the robot at its start pose; the scene moves its objects.
        seed: Seed of the episode.
        randomisation: Which aspects vary.
    """

    model: mujoco.MjModel
    data: mujoco.MjData
    seed: int
    randomisation: Randomisation


class Scene(Protocol):
    """What stands around the robot."""

    @property
    def object_names(self) -> tuple[str, ...]:
        """Bodies that domain randomisation may change in mass, friction, size and colour."""

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add bodies, materials and constraints before the model is compiled."""

    def start_rad(self, contract: RobotContract, seed: int, levels: Randomisation) -> NDArray[np.float64]:
        """Return the robot's pose at the start of an episode [rad], shape (J,), contract order."""

    def paint(self, context: ResetContext) -> None:
        """Choose colours and the like in the restored model, before it is randomised."""

    def reset(self, context: ResetContext) -> Any:
        """Lay out the episode of a seed and return its description."""

    def after_step(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Apply rules that physics lacks, every `HOOK_STEPS` physics steps."""


class EmptyScene:
    """The robot alone."""

    object_names: tuple[str, ...] = ()

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add nothing."""

    def start_rad(self, contract: RobotContract, seed: int, levels: Randomisation) -> NDArray[np.float64]:
        """Return the contract's home pose."""
        return contract.home_rad

    def paint(self, context: ResetContext) -> None:
        """Choose nothing."""

    def reset(self, context: ResetContext) -> None:
        """Lay out nothing."""

    def after_step(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Do nothing."""


def compose(mjcf: Path, scene: Scene, timestep_s: float = TIMESTEP_S) -> mujoco.MjModel:
    """Compile the robot with a scene around it.

    Args:
        mjcf: The robot's MJCF file.
        scene: What stands around it.
        timestep_s: Physics step in s, at most 2 ms.

    Raises:
        SimulationError: The file is missing, the step is out of range, or the model does not compile.
    """
    if not 0.0 < timestep_s <= TIMESTEP_S:
        raise SimulationError(f"physics step {timestep_s} s is out of range; use 0 < step <= {TIMESTEP_S} s.")
    if not mjcf.is_file():
        raise SimulationError(
            f"robot model {mjcf} does not exist. Build dexora_description or name the file."
        )
    spec = mujoco.MjSpec.from_file(str(mjcf))
    option = spec.option
    option.timestep = timestep_s
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = IMPEDANCE_RATIO
    _spare_the_rasteriser(spec.visual.quality)
    _add_textures(spec)
    scene.build(spec)
    try:
        return spec.compile()
    except ValueError as error:
        raise SimulationError(
            f"the model with scene {type(scene).__name__} does not compile: {error}"
        ) from error


def _spare_the_rasteriser(quality: Any) -> None:
    """On a processor shadows and multisampling cost ten times the rest, and finer round shapes twice."""
    quality.shadowsize = quality.offsamples = 0
    quality.numslices, quality.numstacks, quality.numquads = 16, 8, 2


def _add_textures(spec: mujoco.MjSpec) -> None:
    """Add every texture with a material of the same name; randomisation switches between them."""
    for name in TEXTURES:
        pixels = texture_pixels(name)
        texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D)
        texture.height, texture.width, texture.nchannel = pixels.shape
        texture.data = np.ascontiguousarray(pixels).tobytes()
        material = spec.add_material(name=name, specular=0.1, shininess=0.1)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        material.texrepeat = [2.0, 2.0]
