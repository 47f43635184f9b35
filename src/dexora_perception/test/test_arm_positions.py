"""Pins which joint states tell where the arms are."""

import numpy as np
from dexora_perception.arm_positions import ArmPositions
from encoder_cases import CONTRACT

NAMES = CONTRACT.joint_names
HOME = CONTRACT.home_rad


def test_arms_are_found_whatever_the_order():
    arms = ArmPositions(CONTRACT)
    arms.offer(NAMES[::-1], HOME[::-1])
    np.testing.assert_allclose(arms.newest[0], HOME[CONTRACT.group_indices("left_arm")])
    np.testing.assert_allclose(arms.newest[1], HOME[CONTRACT.group_indices("right_arm")])


def test_order_may_change_in_between():
    arms = ArmPositions(CONTRACT)
    arms.offer(NAMES, HOME)
    arms.offer(NAMES[::-1], HOME[::-1] + 1.0)
    np.testing.assert_allclose(arms.newest[0], HOME[CONTRACT.group_indices("left_arm")] + 1.0)


def test_states_that_do_not_fit_or_hold_nan_are_not_looked_at():
    arms = ArmPositions(CONTRACT)
    arms.offer(NAMES[:-1], HOME[:-1])
    arms.offer(NAMES, HOME[:-1])
    arms.offer(NAMES, np.where(np.arange(len(NAMES)) == 3, np.nan, HOME))
    assert arms.newest is None
