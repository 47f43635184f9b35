"""A policy that drives all joints to one pose as soon as it owns the lease, wherever that leads.

python tests/faults/closing_policy.py --ros-args -p goal:=[...] -p seconds:=1.0
"""

import sys

import numpy as np
import rclpy
from mock_policy import MockPolicy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter


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
    rclpy.init()
    executor = SingleThreadedExecutor()
    executor.add_node(ClosingPolicy())
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.5)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
