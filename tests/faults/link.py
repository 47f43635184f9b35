"""A network link that can be cut: repeats topics under other names; frozen, it is a broken link.

The parameter `ends` says what lies at its far end: `policy`, or `robot` (joint states and controllers).
"""

import sys
from functools import partial

from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.contract import load_contract
from dexora_ros.qos import COMMAND, STATE
from rclpy.node import Node
from sensor_msgs.msg import JointState
from spinning import spin_until_told
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_msgs.msg import ActionChunk

CONTROLLERS = tuple(group.controller for group in load_contract(contract_path()).groups)
CHUNK, HEARTBEAT = "dexora/command/chunk", "dexora/policy/heartbeat"
REPORTS = tuple(f"{name}/controller_state" for name in CONTROLLERS)
COMMANDS = tuple(f"{name}/joint_trajectory" for name in CONTROLLERS)
FAR_POLICY = (f"{CHUNK}:=/far/{CHUNK}", f"{HEARTBEAT}:=/far/{HEARTBEAT}", "__node:=far_policy")
"""For the policy behind the link; the link takes its name on this side, as a router between hosts would."""
FAR_ROBOT = tuple(f"{topic}:=/far/{topic}" for topic in ("joint_states", *REPORTS, *COMMANDS))
"""For the command node before the link."""


def routes(ends):
    """Yield type, topic that is listened to, topic that is written to, quality of service."""
    if ends == "policy":
        yield ActionChunk, f"/far/{CHUNK}", f"/{CHUNK}", COMMAND
        yield Header, f"/far/{HEARTBEAT}", f"/{HEARTBEAT}", COMMAND
        return
    yield JointState, "/joint_states", "/far/joint_states", STATE
    for topic in REPORTS:
        yield JointTrajectoryControllerState, f"/{topic}", f"/far/{topic}", STATE
    for topic in COMMANDS:
        yield JointTrajectory, f"/far/{topic}", f"/{topic}", COMMAND


class Link(Node):
    """Repeats what it hears, undecoded."""

    def __init__(self):
        super().__init__("link")
        ends = self.declare_parameter("ends", "policy").value
        for kind, near, far, profile in routes(ends):
            publisher = self.create_publisher(kind, far, profile)
            self.create_subscription(kind, near, partial(_repeat, publisher), profile, raw=True)


def _repeat(publisher, message):
    publisher.publish(message)


def main():
    """Spin until the process is told to end."""
    return spin_until_told(Link)


if __name__ == "__main__":
    sys.exit(main())
