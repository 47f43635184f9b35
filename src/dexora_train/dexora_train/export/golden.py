"""A few inputs and what torch answered: a robot refuses a bundle that answers otherwise on its machine."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from dexora_train.export.observations import Observations
from dexora_train.export.stages import Stages

GOLDEN = "golden.npz"
_COUNT = 3


def golden_file(reference: Stages, observations: Observations) -> bytes:
    """Return `golden.npz`: inputs of `policy.onnx` by name, stacked on a new first axis, and `actions`.

    Args:
        reference: Torch in float32.
        observations: What to take the inputs from.
    """
    chosen = np.linspace(0, len(observations) - 1, min(_COUNT, len(observations))).astype(int)
    feeds = [reference.policy_feed(observations, int(index)) for index in chosen]
    content: dict[str, Any] = {name: np.stack([feed[name] for feed in feeds]) for name in feeds[0]}
    content["actions"] = np.stack([reference.actions(feed) for feed in feeds])[:, None]
    target = io.BytesIO()
    np.savez_compressed(target, **content)
    return target.getvalue()
