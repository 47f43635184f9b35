"""Motions that bring the two arms together, for tests of the collision check."""

import numpy as np
from dexora_core.kinematics_urdf import load_urdf

from dexora_description import urdf_path

TREE = load_urdf(urdf_path())
MEETINGS = (
    ("left_palm", "right_palm"),
    ("left_arm_link_6", "right_palm"),
    ("left_palm", "right_arm_link_5"),
    ("left_arm_link_5", "right_arm_link_5"),
)


def meeting_pose(contract, rng):
    """Return joint positions (J,) at which two links of the two arms would be in one place."""
    columns = [contract.joint_names.index(name) for name in TREE.joint_names]
    arms = np.concatenate([contract.group_indices(group) for group in ("left_arm", "right_arm")])
    links = [TREE.link_names.index(name) for name in MEETINGS[rng.integers(len(MEETINGS))]]
    share = rng.uniform(0.5, 1.5, len(arms))
    lower, upper = contract.lower_rad[arms] + 0.02, contract.upper_rad[arms] - 0.02

    def gap(q):
        first, second = TREE.link_poses(q[columns])[links, :3, 3]
        return first - second

    q = np.array(contract.home_rad)
    for _ in range(30):
        here = gap(q)
        nudges = np.eye(len(q))[arms] * 1e-4
        jacobian = np.array([(gap(q + nudge) - here) / 1e-4 for nudge in nudges]).T * share
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-3 * np.eye(3), -here)
        q[arms] = np.clip(q[arms] + 0.3 * share * step, lower, upper)
    return q
