"""The loops that benchmarks/command_path.py compares, each in a process of its own.

python _command_loops.py bare|timer RATE_HZ SECONDS     prints lateness in us as JSON
python _command_loops.py flood SECONDS                  publishes 1 MB messages as fast as it can
python _command_loops.py burn SECONDS                   keeps a core busy
"""

from __future__ import annotations

import json
import sys
import time

from dexora_control.pacing import Pacer


def bare(rate_hz: float, seconds: float) -> list[float]:
    """Sleep to absolute times and do nothing."""
    pacer, late = Pacer(round(1e9 / rate_hz)), []
    end_ns = time.monotonic_ns() + round(seconds * 1e9)
    while time.monotonic_ns() < end_ns:
        late.append(pacer.wait().lateness_ns / 1e3)
    return late


def timer(rate_hz: float, seconds: float) -> list[float]:
    """A plain rclpy timer on the stock executor, beside a subscription."""
    import rclpy  # noqa: PLC0415 - the bare loop must not load it
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415
    from sensor_msgs.msg import JointState  # noqa: PLC0415

    rclpy.init()
    node = rclpy.create_node("plain_timer")
    node.create_subscription(JointState, "joint_states", lambda _message: None, 1)
    wakes: list[int] = []
    node.create_timer(1.0 / rate_hz, lambda: wakes.append(time.monotonic_ns()))
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        executor.spin_once(timeout_sec=0.1)
    period_ns = round(1e9 / rate_hz)
    # A timer has no due time that one could read: its earliest phase over the block stands for it.
    phases = [(wake - wakes[0]) - round((wake - wakes[0]) / period_ns) * period_ns for wake in wakes]
    return [(phase - min(phases)) / 1e3 for phase in phases]


def flood(seconds: float) -> None:
    """Publish 1 MB on a topic that the command node does not subscribe to."""
    import rclpy  # noqa: PLC0415
    from std_msgs.msg import UInt8MultiArray  # noqa: PLC0415

    rclpy.init()
    node = rclpy.create_node("flood")
    publisher = node.create_publisher(UInt8MultiArray, "flood", 1)
    node.create_subscription(UInt8MultiArray, "flood", lambda _message: None, 1)
    message = UInt8MultiArray(data=bytes(10**6))
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        publisher.publish(message)
        rclpy.spin_once(node, timeout_sec=0.0)


def main() -> int:
    """Run what the command line names."""
    kind, *numbers = sys.argv[1:]
    values = [float(number) for number in numbers]
    if kind == "burn":
        end_s = time.monotonic() + values[0]
        while time.monotonic() < end_s:
            pass
    elif kind == "flood":
        flood(values[0])
    else:
        print(json.dumps({"bare": bare, "timer": timer}[kind](*values)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
