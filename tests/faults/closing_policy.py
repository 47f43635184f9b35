"""A policy that drives all joints to one pose as soon as it owns the lease, wherever that leads.

python tests/faults/closing_policy.py --ros-args -p goal:=[...] -p seconds:=1.0
"""

import sys

import numpy as np
from mock_policy import MockPolicy
from rclpy.parameter import Parameter
from spinning import spin_until_told


class ClosingPolicy(MockPolicy):
    """Moves from where the robot is to a goal, smoothly, in a given time."""

    def __init__(self, **options):
        super().__init__(**options)
        self.goal = np.array(self.declare_parameter("goal", Parameter.Type.DOUBLE_ARRAY).value)
        self.seconds = self.declare_parameter("seconds", 1.0).value

    def motion(self, times_s):
        """Positions (n, J) for times since the lease began."""
        share = np.clip(times_s / self.seconds, 0.0, 1.0)
        return self.base + (self.goal - self.base) * (1 - np.cos(np.pi * share))[:, None] / 2


def main():
    """Spin until the process is told to end."""
    return spin_until_told(ClosingPolicy)


if __name__ == "__main__":
    sys.exit(main())
