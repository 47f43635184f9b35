"""Says `ready` when somebody listens, and publishes far too much from the first line of its input on.

Parameters: `what` (`chunks`: as many as it can; `large_chunks` and `large_images`: 1 MB each).
"""

import array
import sys
import time

import rclpy
from dexora_ros.qos import EVENTS, SENSOR
from dexora_ros.shared_memory import avoid_dead_ports
from rclpy.node import Node
from sensor_msgs.msg import Image

from dexora_msgs.msg import ActionChunk

MEGABYTE = 1_000_000
LARGE_PERIOD_S = 0.005
"""Between two messages of a megabyte; it leaves the processor to others now and then."""

SETTLE_S = 1.0
"""The other side meets this one a moment later."""


def _flood(node, what):
    """Return a publisher, what it publishes, and the time between two messages [s]."""
    if what == "large_images":
        image = Image(height=500, width=666, encoding="rgb8", step=1998)
        image.data = array.array("B", bytes(999_000))
        return node.create_publisher(Image, "/flood/image", SENSOR), image, LARGE_PERIOD_S
    chunks = node.create_publisher(ActionChunk, "/dexora/command/chunk", EVENTS)
    if what == "large_chunks":
        large = ActionChunk(source="policy", positions=array.array("f", bytes(MEGABYTE)))
        return chunks, large, LARGE_PERIOD_S
    return chunks, ActionChunk(source="policy"), 0.0


def main():
    """Flood until the process is told to end."""
    with avoid_dead_ports():
        rclpy.init()
        node = Node("expert_node")  # one that may publish chunks
        publisher, message, period_s = _flood(node, node.declare_parameter("what", "chunks").value)
        try:
            while not publisher.get_subscription_count() and "chunk" in publisher.topic_name:
                time.sleep(0.02)
            time.sleep(SETTLE_S)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
            while rclpy.ok():
                publisher.publish(message)
                time.sleep(period_s)
        except KeyboardInterrupt:
            return 0
        finally:
            node.destroy_node()
            rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
