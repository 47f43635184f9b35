"""One process of the transport benchmark: a publisher or a subscriber of one stream, for one block.

A worker says `ready` once it sees the other, takes the start and the end of the measured time from its
standard input (monotonic times, which are the same for all processes of a host) and answers with one line of
JSON. The time of the `publish` call travels in the message; the latency ends at the callback's first line.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import rclpy
from dexora_ros.buffers import fill_image, fill_tokens
from dexora_ros.executor_choice import choose_executor, single_threaded_executor
from dexora_ros.stamps import set_stamp, to_ns
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Float64MultiArray

from dexora_msgs.msg import VisualTokens

IMAGE_SHAPE = (480, 640, 3)
TOKEN_SHAPE = (3, 257, 768)
TOKEN_VIEWS = ("top", "wrist_left", "wrist_right")
COMMAND_SIZE = 38
TOPIC = "/dexora_benchmark"
MATCH_TIMEOUT_S = 20.0
# The last message may still be on its way.
LINGER_NS = 500_000_000


@dataclass(frozen=True)
class Plan:
    """One block.

    Attributes:
        payload: `image`, `tokens` or `command`.
        reliable: Reliability of both ends.
        rate_hz: Publishing rate.
        executor: `single_threaded` or `dexora` (the probed one) of the subscriber.
        extra_subscriptions: Idle subscriptions of the subscriber.
    """

    payload: str
    reliable: bool
    rate_hz: float
    executor: str
    extra_subscriptions: int

    def to_json(self) -> str:
        """Return the plan for a command line."""
        return json.dumps(asdict(self))


def quality(plan: Plan) -> QoSProfile:
    """Keep last 1, as the suite's topics do; a little more for small commands so that none is overwritten."""
    reliability = ReliabilityPolicy.RELIABLE if plan.reliable else ReliabilityPolicy.BEST_EFFORT
    depth = 10 if plan.payload == "command" else 1
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability)


def message_type(plan: Plan) -> type:
    """Return the message class of the payload."""
    return {"image": Image, "tokens": VisualTokens, "command": Float64MultiArray}[plan.payload]


def make_message(plan: Plan) -> Any:
    """Return a message full of random data."""
    generator = np.random.default_rng(0)
    if plan.payload == "image":
        return fill_image(
            Image(), generator.integers(0, 256, IMAGE_SHAPE, dtype=np.uint8), "rgb8", 0, "camera"
        )
    if plan.payload == "tokens":
        tokens = generator.standard_normal(TOKEN_SHAPE).astype(np.float16)
        return fill_tokens(VisualTokens(), tokens, TOKEN_VIEWS, [0] * len(TOKEN_VIEWS))
    return Float64MultiArray(data=[0.0] * COMMAND_SIZE)


def rendezvous(is_matched: Callable[[], bool]) -> tuple[int, int]:
    """Wait for the other side, say so, and return when to measure: start and end [ns]."""
    deadline_s = time.monotonic() + MATCH_TIMEOUT_S
    while not is_matched():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no other side on {TOPIC} within {MATCH_TIMEOUT_S:g} s")
        time.sleep(0.02)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    start_ns, end_ns = sys.stdin.readline().split()
    return int(start_ns), int(end_ns)


def publish(plan: Plan, on_exit: ExitStack) -> dict[str, Any]:
    """Publish from a second before the start, so that the first measured message is not the first."""
    node = Node("benchmark_publisher")
    on_exit.callback(node.destroy_node)
    publisher = node.create_publisher(message_type(plan), TOPIC, quality(plan))
    message = make_message(plan)
    start_ns, end_ns = rendezvous(lambda: publisher.get_subscription_count() > 0)
    period_ns = round(1e9 / plan.rate_hz)
    due_ns = start_ns - 1_000_000_000
    sent = 0
    while due_ns < end_ns:
        time.sleep(max(0.0, (due_ns - time.monotonic_ns()) * 1e-9))
        now_ns = time.monotonic_ns()
        if plan.payload == "command":
            message.data[0] = float(now_ns)
        else:
            set_stamp(message.header.stamp, now_ns)
        publisher.publish(message)
        sent += start_ns <= now_ns < end_ns
        due_ns += period_ns
    time.sleep(LINGER_NS * 1e-9)
    return {"sent": sent}


def subscribe(plan: Plan, on_exit: ExitStack) -> dict[str, Any]:
    """Receive until half a second after the end and return the latencies of the measured messages."""
    node = Node("benchmark_subscriber")
    on_exit.callback(node.destroy_node)
    latencies_ms: list[float] = []
    start_ns = end_ns = 0

    def receive(message: Any) -> None:
        now_ns = time.monotonic_ns()
        sent_ns = int(message.data[0]) if plan.payload == "command" else to_ns(message.header.stamp)
        if start_ns <= sent_ns < end_ns:
            latencies_ms.append((now_ns - sent_ns) * 1e-6)

    node.create_subscription(message_type(plan), TOPIC, receive, quality(plan))
    for index in range(plan.extra_subscriptions):
        node.create_subscription(Float64MultiArray, f"{TOPIC}_idle_{index}", lambda _message: None, 1)
    context = rclpy.get_default_context()
    if plan.executor == "dexora":
        choice = choose_executor(context)
        executor, label = choice.executor, choice.label
    else:
        executor, label = single_threaded_executor(context), "SingleThreadedExecutor"
    executor.add_node(node)
    on_exit.callback(executor.shutdown)
    on_exit.callback(executor.remove_node, node)
    start_ns, end_ns = rendezvous(lambda: node.count_publishers(TOPIC) > 0)
    never = executor.create_future()
    while (left_ns := end_ns + LINGER_NS - time.monotonic_ns()) > 0:
        executor.spin_until_future_complete(never, timeout_sec=left_ns * 1e-9)
    return {"latencies_ms": latencies_ms, "executor": label}


def main() -> int:
    """Run one role; the result is one line of JSON."""
    role, text = sys.argv[1:3]
    plan = Plan(**json.loads(text))
    with ExitStack() as on_exit:
        gc.disable()
        rclpy.init(args=[])
        on_exit.callback(rclpy.shutdown)
        result = publish(plan, on_exit) if role == "publish" else subscribe(plan, on_exit)
        # Before the way out: a middleware that hangs there must not cost the figures.
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
