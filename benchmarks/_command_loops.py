"""The loops that benchmarks/command_path.py compares, each in a process of its own.

python _command_loops.py bare RATE_HZ SECONDS [PRIORITY]   prints lateness in us and the scheduling as JSON
python _command_loops.py timer RATE_HZ SECONDS             the same of a plain rclpy timer
python _command_loops.py flood SECONDS                     publishes 1 MB images as fast as it can
python _command_loops.py drain SECONDS                     takes them
python _command_loops.py burn SECONDS                      keeps a core busy
"""

from __future__ import annotations

import json
import sys
import time

from dexora_control.pacing import Pacer

from dexora_control import realtime

IMAGE_TOPIC = "flood/image"


def bare(rate_hz: float, seconds: float, priority: float = 0.0) -> tuple[list[float], str]:
    """Sleep to absolute times and do nothing; with a priority, in the class that the command node obtains."""
    scheduling = realtime.obtain(round(priority), lock_memory=priority > 0)
    if priority > 0:
        realtime.stop_garbage_collection()
    pacer, late = Pacer(round(1e9 / rate_hz)), []
    end_ns = time.monotonic_ns() + round(seconds * 1e9)
    while time.monotonic_ns() < end_ns:
        late.append(pacer.wait().lateness_ns / 1e3)
    return late, scheduling.label


def timer(rate_hz: float, seconds: float) -> tuple[list[float], str]:
    """A plain rclpy timer on the stock executor, beside a subscription."""
    import rclpy  # noqa: PLC0415 - the bare loop must not load it
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415
    from sensor_msgs.msg import JointState  # noqa: PLC0415

    rclpy.init()
    node = rclpy.create_node("plain_timer")
    node.create_subscription(JointState, "joint_states", lambda _message: None, 1)
    late: list[float] = []
    due_ns: list[int] = []

    def on_timer() -> None:
        if due_ns:
            late.append(max(time.monotonic_ns() - due_ns.pop(), 0) / 1e3)
        left_ns = ticker.time_until_next_call()
        if left_ns is not None:
            due_ns.append(time.monotonic_ns() + left_ns)

    ticker = node.create_timer(1.0 / rate_hz, on_timer)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        executor.spin_once(timeout_sec=0.1)
    return late, "SCHED_OTHER"


def flood(seconds: float) -> None:
    """Publish images of 1 MB on a topic that the command node does not subscribe to."""
    import array  # noqa: PLC0415

    import rclpy  # noqa: PLC0415
    from sensor_msgs.msg import Image  # noqa: PLC0415

    rclpy.init()
    publisher = rclpy.create_node("flood").create_publisher(Image, IMAGE_TOPIC, 1)
    image = Image(height=500, width=666, encoding="rgb8", step=1998, data=array.array("B", bytes(999_000)))
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        publisher.publish(image)


def drain(seconds: float) -> None:
    """Take the images of the flood, so that they really travel."""
    import rclpy  # noqa: PLC0415
    from sensor_msgs.msg import Image  # noqa: PLC0415

    rclpy.init()
    node = rclpy.create_node("drain")
    node.create_subscription(Image, IMAGE_TOPIC, lambda _message: None, 1)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.1)


def burn(seconds: float) -> None:
    """Keep a core busy."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        pass


def main() -> int:
    """Run what the command line names."""
    kind, *numbers = sys.argv[1:]
    values = [float(number) for number in numbers]
    if kind in {"bare", "timer"}:
        late, scheduling = {"bare": bare, "timer": timer}[kind](*values)
        print(json.dumps({"lateness_us": late, "scheduling": scheduling}))
    else:
        {"burn": burn, "flood": flood, "drain": drain}[kind](*values)
    return 0


if __name__ == "__main__":
    sys.exit(main())
