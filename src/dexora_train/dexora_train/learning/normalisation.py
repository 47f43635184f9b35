"""What 1 stands for in a policy's states and actions, from a dataset's own statistics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dexora_core.bundle import Statistics, make_statistics
from numpy.typing import NDArray

from dexora_train.data import layout
from dexora_train.data.reader import LeRobotReader

Quantiles = Mapping[str, NDArray[np.float64]]
LEAST_RANGE_RAD = 0.2
"""Of a joint, where actions are relative to states."""


def statistics_of(reader: LeRobotReader, name: str, *, is_shared: bool = False) -> Statistics:
    """Return the normalisation that a dataset's own statistics give.

    Args:
        reader: The dataset.
        name: Its name.
        is_shared: Whether states are normalised as actions are, so that one can be counted from the other.
    """
    action: Quantiles = reader.stats[layout.ACTION]
    state: Quantiles = reader.stats[layout.STATE]
    if is_shared:
        action = state = _shared(action, state)
    return make_statistics(
        action_p01=action["q01"],
        action_p99=action["q99"],
        state_p01=state["q01"],
        state_p99=state["q99"],
        dataset=name,
    )


def _shared(action: Quantiles, state: Quantiles) -> Quantiles:
    """Return quantiles that hold both, at least `LEAST_RANGE_RAD` apart.

    Else the tremor of a joint that is never moved, counted in its own tiny range, would be all of the loss.
    """
    low, high = np.minimum(action["q01"], state["q01"]), np.maximum(action["q99"], state["q99"])
    more = np.maximum(LEAST_RANGE_RAD - (high - low), 0.0) / 2
    return {"q01": low - more, "q99": high + more}
