"""What a picture needs to know of the world: joint positions, a time, and the looks of things."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

LOOK_FIELDS = (
    "cam_pos",
    "cam_quat",
    "light_pos",
    "light_dir",
    "light_diffuse",
    "light_ambient",
    "geom_rgba",
    "geom_size",
    "geom_matid",
    "mat_rgba",
    "mat_texid",
    "body_pos",
    "body_quat",
)
"""Fields of the model that domain randomisation changes and that pictures show."""


@dataclass(frozen=True)
class Looks:
    """How things look in one episode.

    Attributes:
        version: Counts the resets of a twin; looks with the same version are the same.
        fields: Values of `LOOK_FIELDS` by name, copies.
        headlight: Diffuse and ambient colour of the camera's own light, shape (2, 3).
    """

    version: int
    fields: dict[str, NDArray[np.generic]]
    headlight: NDArray[np.float32]

    @classmethod
    def read(cls, model: mujoco.MjModel, version: int) -> Looks:
        """Copy the looks out of a model."""
        headlight = model.vis.headlight
        return cls(
            version,
            {name: np.array(getattr(model, name)) for name in LOOK_FIELDS},
            np.array([headlight.diffuse, headlight.ambient], dtype=np.float32),
        )

    def apply(self, model: mujoco.MjModel) -> None:
        """Write the looks into a model of the same shape."""
        for name, values in self.fields.items():
            getattr(model, name)[:] = values
        model.vis.headlight.diffuse[:] = self.headlight[0]
        model.vis.headlight.ambient[:] = self.headlight[1]


@dataclass(frozen=True)
class Snapshot:
    """The state of the world at one moment.

    Attributes:
        stamp_ns: Simulated time in ns.
        qpos: Generalised positions of the whole model, shape (nq,), a copy.
        looks: How things look; shared between the snapshots of an episode.
    """

    stamp_ns: int
    qpos: NDArray[np.float64]
    looks: Looks
