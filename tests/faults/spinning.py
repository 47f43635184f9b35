"""How the processes of the fault tests run: until they are told to end."""

import rclpy
from dexora_ros.shared_memory import avoid_dead_ports
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor


def spin_until_told(make_node):
    """Spin a node until the process is told to end; return its exit code."""
    with avoid_dead_ports():
        rclpy.init()
        executor = SingleThreadedExecutor()
        executor.add_node(make_node())
        try:
            while rclpy.ok():
                executor.spin_once(timeout_sec=0.5)
        except (KeyboardInterrupt, ExternalShutdownException):
            return 0
    return 0
