"""Pins that joints count by what they do, where actions are counted from the measured state."""

from types import SimpleNamespace

import numpy as np
import pytest
from dexora_train.data import layout
from dexora_train.learning.normalisation import LEAST_RANGE_RAD, statistics_of


def reader(action, state):
    """A dataset of three joints that knows its quantiles only."""
    stats = {
        name: {"q01": np.array(low), "q99": np.array(high)}
        for name, (low, high) in {layout.ACTION: action, layout.STATE: state}.items()
    }
    return SimpleNamespace(stats=stats)


def test_joint_that_is_never_moved_does_not_count_by_its_tremor():
    still = reader(([-1.0, 0.3, 0.0], [1.0, 0.3, 0.5]), ([-1.1, 0.29, 0.1], [0.9, 0.31, 0.9]))
    statistics = statistics_of(still, "demos", is_shared=True)
    action, state = np.array([0.5, 0.3, 0.2]), np.array([0.5, 0.31, 0.2])
    relative = statistics.normalise_action(action) - statistics.normalise_state(state)
    assert relative.tolist() == pytest.approx([0.0, -0.01 / (LEAST_RANGE_RAD / 2), 0.0], abs=1e-6)
    assert statistics.action_p01 == statistics.state_p01 == pytest.approx((-1.1, 0.2, 0.0))
    assert statistics.action_p99 == statistics.state_p99 == pytest.approx((1.0, 0.4, 0.9))


def test_absolute_actions_keep_a_range_of_their_own():
    apart = reader(([-1.0, 0.0, 0.0], [1.0, 1.0, 1.0]), ([-0.5, 0.1, 0.1], [0.5, 0.9, 0.9]))
    statistics = statistics_of(apart, "demos")
    assert statistics.action_p01 == (-1.0, 0.0, 0.0)
    assert statistics.state_p99 == (0.5, 0.9, 0.9)
