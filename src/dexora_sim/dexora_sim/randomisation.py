"""Domain randomisation from a seed: each aspect of the world can be off, in the training range or outside it.

Every aspect draws from a stream of its own, so switching one on or off does not change the others: two runs
with the same seed differ only in what was switched.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexora_sim.contacts import TABLE_GEOM
from dexora_sim.errors import SimulationError
from dexora_sim.ranges import NOMINAL, RANGES, SPARE_TEXTURES, TRAIN_TEXTURES, Span

LEVELS = ("off", "train", "ood")

DISTRACTOR_PREFIX = "distractor_"


@dataclass(frozen=True)
class Randomisation:
    """The level of each aspect: "off" (nominal), "train", or "ood" (outside what training saw).

    Attributes:
        pose: Where objects stand.
        mass: Mass of the objects.
        friction: Friction of the objects.
        size: Size of the objects, the same factor for all of an episode.
        colour: Shades of objects and table.
        texture: Pattern of the table.
        light: Strength and place of the lights.
        camera: Pose of the cameras.
        distractor: Number of objects that do not matter.
        start: Pose of the arms at the start.
    """

    pose: str = "train"
    mass: str = "train"
    friction: str = "train"
    size: str = "train"
    colour: str = "train"
    texture: str = "train"
    light: str = "train"
    camera: str = "train"
    distractor: str = "train"
    start: str = "train"

    def __post_init__(self) -> None:
        for field in fields(self):
            level = getattr(self, field.name)
            if level not in LEVELS:
                raise SimulationError(
                    f"randomisation of {field.name} is '{level}', must be {', '.join(LEVELS)}."
                )

    @classmethod
    def off(cls) -> Randomisation:
        """Nothing varies."""
        return cls(**{field.name: "off" for field in fields(cls)})

    @classmethod
    def train(cls) -> Randomisation:
        """Everything varies in the training range."""
        return cls()

    def but(self, **levels: str) -> Randomisation:
        """Return a copy with some aspects at another level.

        Raises:
            SimulationError: An aspect or level is unknown.
        """
        known = [field.name for field in fields(self)]
        unknown = sorted(set(levels) - set(known))
        if unknown:
            raise SimulationError(f"unknown aspect {', '.join(unknown)}; there are {', '.join(known)}.")
        return replace(self, **levels)


def stream(seed: int, aspect: str) -> np.random.Generator:
    """Return the random numbers of one aspect of one episode."""
    return np.random.default_rng([seed, zlib.crc32(aspect.encode())])


def draw(
    rng: np.random.Generator, span: Span, shape: int | tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Draw from a span: uniform in one of its intervals, which are chosen by their lengths."""
    low, high = np.array(span.intervals, dtype=np.float64).T
    weights = np.maximum(high - low, 1e-12)
    pick = rng.choice(len(low), size=shape, p=weights / weights.sum())
    values: NDArray[np.float64] = np.asarray(low[pick] + (high - low)[pick] * rng.random(shape))
    return values


class Randomiser:
    """Changes a model in place, always from its nominal values.

    Args:
        model: Compiled model; its present values are the nominal ones.
        objects: Bodies whose mass, friction, size and colour may vary.
    """

    _SAVED = (
        "body_mass",
        "body_inertia",
        "body_ipos",
        "body_pos",
        "body_quat",
        "geom_friction",
        "geom_size",
        "geom_pos",
        "geom_rbound",
        "geom_aabb",
        "geom_rgba",
        "geom_matid",
        "mat_rgba",
        "light_pos",
        "light_diffuse",
        "light_ambient",
        "cam_pos",
        "cam_quat",
    )

    def __init__(self, model: mujoco.MjModel, objects: tuple[str, ...]) -> None:
        self._nominal = {name: np.array(getattr(model, name)) for name in self._SAVED}
        self._headlight = np.array([model.vis.headlight.diffuse, model.vis.headlight.ambient])
        self._bodies = [_subtree(model, name) for name in objects]
        self._table = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM.value, TABLE_GEOM)
        names = [model.body(i).name for i in range(model.nbody)]
        self._distractors = [i for i, name in enumerate(names) if name.startswith(DISTRACTOR_PREFIX)]

    def restore(self, model: mujoco.MjModel) -> None:
        """Put the nominal values back."""
        for name, values in self._nominal.items():
            getattr(model, name)[:] = values
        model.vis.headlight.diffuse[:], model.vis.headlight.ambient[:] = self._headlight

    def vary(self, model: mujoco.MjModel, data: mujoco.MjData, seed: int, levels: Randomisation) -> None:
        """Vary a restored model for a seed.

        Args:
            model: The model to change.
            data: Scratch for MuJoCo's constants; it must be reset afterwards.
            seed: Seed of the episode.
            levels: Level of each aspect.
        """
        self._vary_bodies(model, seed, levels)
        self._vary_table(model, seed, levels)
        self._vary_light(model, seed, levels)
        self._vary_cameras(model, seed, levels)
        self._place_distractors(model, seed, levels)
        # MuJoCo would take the poses of welds anew from where bodies of nominal size start.
        welds = np.array(model.eq_data)
        mujoco.mj_setConst(model, data)
        model.eq_data[:] = welds

    def _vary_bodies(self, model: mujoco.MjModel, seed: int, levels: Randomisation) -> None:
        names = ("mass", "friction", "colour")
        spans = {name: RANGES[name].get(getattr(levels, name), NOMINAL) for name in (*names, "size")}
        rngs = {name: stream(seed, name) for name in spans}
        size = float(draw(rngs["size"], spans["size"]))  # one for all, so that cap and bottle still fit
        for tree in self._bodies:
            factor = {name: float(draw(rngs[name], spans[name])) for name in names}
            geoms = np.flatnonzero(np.isin(model.geom_bodyid, tree))
            model.body_mass[tree] *= factor["mass"]
            model.body_inertia[tree] *= factor["mass"] * size**2
            model.geom_friction[geoms] *= factor["friction"]
            for name in ("geom_size", "geom_pos", "geom_rbound", "geom_aabb"):
                getattr(model, name)[geoms] *= size
            model.body_ipos[tree] *= size
            model.body_pos[tree[1:]] *= size
            if levels.colour != "off":
                _shade(model.geom_rgba, geoms, factor["colour"], rngs["colour"])

    def _vary_table(self, model: mujoco.MjModel, seed: int, levels: Randomisation) -> None:
        if self._table < 0:
            return
        rng = stream(seed, "texture")
        if levels.texture != "off":
            choices = TRAIN_TEXTURES if levels.texture == "train" else SPARE_TEXTURES
            model.geom_matid[self._table] = model.material(choices[rng.integers(len(choices))]).id
        if levels.colour != "off":
            span = RANGES["table_colour"][levels.colour]
            model.mat_rgba[model.geom_matid[self._table], :3] = draw(stream(seed, "table_colour"), span, 3)

    def _vary_light(self, model: mujoco.MjModel, seed: int, levels: Randomisation) -> None:
        if levels.light == "off":
            return
        rng = stream(seed, "light")
        strength = float(draw(rng, RANGES["light"][levels.light]))
        model.light_diffuse[:] *= strength
        model.vis.headlight.diffuse[:] *= strength
        model.vis.headlight.ambient[:] *= strength
        model.light_pos[:] += draw(rng, RANGES["light_shift_m"][levels.light], (model.nlight, 3))

    def _vary_cameras(self, model: mujoco.MjModel, seed: int, levels: Randomisation) -> None:
        if levels.camera == "off":
            return
        rng = stream(seed, "camera")
        shift_m, turn_rad = RANGES["camera_shift_m"][levels.camera], RANGES["camera_turn_rad"][levels.camera]
        for camera in range(model.ncam):
            model.cam_pos[camera] += _unit(rng) * draw(rng, shift_m)
            turn = np.zeros(4)
            mujoco.mju_axisAngle2Quat(turn, _unit(rng), float(draw(rng, turn_rad)))
            turned = np.zeros(4)
            mujoco.mju_mulQuat(turned, np.array(model.cam_quat[camera]), turn)
            model.cam_quat[camera] = turned

    def _place_distractors(self, model: mujoco.MjModel, seed: int, levels: Randomisation) -> None:
        if levels.distractor == "off" or not self._distractors:
            return
        rng = stream(seed, "distractor")
        count = round(float(draw(rng, RANGES["distractor"][levels.distractor])))
        # Each distractor has a lane of its own along the far edge of the table; parked it is below the floor.
        for body in rng.permutation(self._distractors)[:count]:
            model.body_pos[body, 2] += PARKING_DEPTH_M
            model.body_pos[body, :2] += rng.uniform(-0.02, 0.02, 2)


PARKING_DEPTH_M = 3.0
"""A distractor that does not take part stands this far below its place."""


def _subtree(model: mujoco.MjModel, root: str) -> NDArray[np.intp]:
    """Return the ids of a body and all below it, the root first."""
    members = [model.body(root).id]
    for body in range(members[0] + 1, model.nbody):
        if model.body_parentid[body] in members:
            members.append(body)
    return np.array(members, dtype=np.intp)


def _shade(
    rgba: NDArray[np.float32], geoms: NDArray[np.intp], brightness: float, rng: np.random.Generator
) -> None:
    """Make an object brighter or darker and tint it, so that its colour keeps its name."""
    tint = rng.uniform(-0.04, 0.04, 3)
    rgba[geoms, :3] = np.clip(rgba[geoms, :3] * brightness + tint, 0.0, 1.0)


def _unit(rng: np.random.Generator) -> NDArray[np.float64]:
    vector = rng.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))
