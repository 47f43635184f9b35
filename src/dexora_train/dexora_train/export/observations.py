"""What calibration and parity run on: real observations from a file, or made-up ones where there are none."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dexora_core.errors import DatasetError
from numpy.typing import NDArray

from dexora_train.checkpoint import Checkpoint, Recipe

KEYS = ("images", "state_rad", "instructions", "prefix_rad", "prefix_steps")
_BLOBS = 8


@dataclass(frozen=True)
class Observations:
    """n moments as the robot sees them.

    Attributes:
        images: RGB uint8 (n, V, S, S, 3), resized as on the robot, views in the recipe's order.
        state_rad: Measured positions (n, J) [rad].
        instructions: What was asked, n texts.
        prefix_rad: Committed actions (n, H, J) [rad]; read below `prefix_steps`.
        prefix_steps: How many steps were committed, int (n,).
        origin: Where they come from, for the report.
    """

    images: NDArray[np.uint8]
    state_rad: NDArray[np.float32]
    instructions: tuple[str, ...]
    prefix_rad: NDArray[np.float32]
    prefix_steps: NDArray[np.int64]
    origin: str

    def __len__(self) -> int:
        return len(self.images)


def save_observations(observations: Observations, path: Path) -> None:
    """Write an `.npz` that `load_observations` reads."""
    np.savez_compressed(
        path,
        images=observations.images,
        state_rad=observations.state_rad,
        instructions=np.array(observations.instructions),
        prefix_rad=observations.prefix_rad,
        prefix_steps=observations.prefix_steps,
    )


def load_observations(path: Path, recipe: Recipe) -> Observations:
    """Read a calibration file.

    Args:
        path: `.npz` with the keys of `KEYS`; no pickled objects.
        recipe: What the shapes must fit.

    Raises:
        DatasetError: A key is missing, a shape does not fit, or a value is not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in KEYS if key not in archive]
            if missing:
                raise DatasetError(
                    f"{path}: has no {', '.join(missing)}; a calibration file holds {', '.join(KEYS)}"
                )
            content = {key: archive[key] for key in KEYS}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); give an .npz without pickled objects"
        ) from error
    _check_shapes(path, content, recipe)
    return Observations(
        content["images"],
        content["state_rad"].astype(np.float32),
        tuple(str(text) for text in content["instructions"]),
        content["prefix_rad"].astype(np.float32),
        content["prefix_steps"].astype(np.int64),
        path.name,
    )


def _check_shapes(path: Path, content: dict[str, NDArray[np.generic]], recipe: Recipe) -> None:
    count, encoder, policy = len(content["images"]), recipe.encoder, recipe.policy
    expected = {
        "images": (count, len(encoder.views), encoder.image_size, encoder.image_size, 3),
        "state_rad": (count, policy.joints),
        "instructions": (count,),
        "prefix_rad": (count, policy.horizon, policy.joints),
        "prefix_steps": (count,),
    }
    for key, shape in expected.items():
        if not count or content[key].shape != shape:
            raise DatasetError(f"{path}: {key} is {content[key].shape}; the checkpoint takes {shape}")
    if content["images"].dtype != np.uint8:
        raise DatasetError(f"{path}: images are {content['images'].dtype}; they must be uint8 RGB")
    for key in ("state_rad", "prefix_rad"):
        if not np.isfinite(content[key].astype(np.float64)).all():
            raise DatasetError(f"{path}: {key} holds NaN or infinity; record the observations anew")


def made_up_observations(checkpoint: Checkpoint, count: int, seed: int = 0) -> Observations:
    """Return observations that no camera took: coloured blobs, states inside the statistics, short prefixes.

    Good enough to prove a pipeline; not to calibrate a robot's policy with.
    """
    recipe, generator = checkpoint.recipe, np.random.default_rng(seed)
    encoder, policy, statistics = recipe.encoder, recipe.policy, recipe.statistics
    low, high = np.array(statistics.state_p01), np.array(statistics.state_p99)
    state = generator.uniform(low, high, (count, policy.joints))
    actions = np.array(statistics.action_p01), np.array(statistics.action_p99)
    start, speed = (generator.uniform(*actions, (count, 1, policy.joints)) for _ in range(2))
    ramp = np.linspace(0.0, 0.2, policy.horizon)[:, None]
    coarse = generator.integers(0, 256, (count, len(encoder.views), _BLOBS, _BLOBS, 3))
    places = np.arange(encoder.image_size) * _BLOBS // encoder.image_size
    return Observations(
        images=coarse[:, :, places][:, :, :, places].astype(np.uint8),
        state_rad=state.astype(np.float32),
        instructions=tuple(
            str(text) for text in generator.choice(recipe.known_instructions or ("move",), count)
        ),
        prefix_rad=(start + ramp * (speed - start)).astype(np.float32),
        prefix_steps=np.arange(count) % (recipe.max_prefix_steps + 1),
        origin="made up: no calibration file was given",
    )
