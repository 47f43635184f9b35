"""A policy that needs no model: sways the robot gently while it owns the lease.

    python tests/faults/mock_policy.py [--ros-args -p mode:=...]

`mode` makes it misbehave from the start: `nan`, `degrees`, `slow` (chunks as rare as its horizon allows).
"""

import sys

import numpy as np
from dexora_core.contract import load_contract
from dexora_ros.qos import COMMAND, LATCHED, SENSOR
from dexora_ros.stamps import from_ns, to_ns
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState
from spinning import spin_until_told
from std_msgs.msg import Header

from dexora_description import contract_path
from dexora_msgs.msg import ActionChunk, SafetyState

HORIZON, STEP_S = 24, 0.05
REACH_RAD, RATE_RAD_S = 0.5, 2.5


class MockPolicy(Node):
    """Publishes chunks ten times per second and a heartbeat twenty times."""

    def __init__(self, name="policy_node", source="policy", **options):
        super().__init__(name, **options)
        self.contract = load_contract(contract_path())
        self.source = source
        self.mode = self.declare_parameter("mode", "").value
        self.now_ns, self.sequence, self.epoch, self.base, self.measured = 0, 0, None, None, None
        self.begin_ns = 0
        # Wrists turn where they are; more of the arms would meet the table, and fingers the palm.
        turning = [name[-1] in "46" and "arm" in name for name in self.contract.joint_names]
        self.reach_rad = np.where(turning, REACH_RAD, 0.08)
        self.middle = (self.contract.lower_rad + self.contract.upper_rad) / 2
        self.create_subscription(ClockMessage, "/clock", self._on_clock, SENSOR)
        self.create_subscription(JointState, "joint_states", self._on_joints, SENSOR)
        self.create_subscription(SafetyState, "dexora/command/safety_state", self._on_safety, LATCHED)
        self.chunks = self.create_publisher(ActionChunk, "dexora/command/chunk", COMMAND)
        self.beats = self.create_publisher(Header, f"dexora/{source}/heartbeat", COMMAND)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.05, self._beat, clock=steady)
        self.create_timer(0.4 if self.mode == "slow" else 0.1, self.publish_chunk, clock=steady)

    def _on_clock(self, message):
        self.now_ns = to_ns(message.clock)

    def _on_joints(self, message):
        if set(message.name) == set(self.contract.joint_names):
            positions = dict(zip(message.name, message.position, strict=True))
            self.measured = np.array([positions[name] for name in self.contract.joint_names])

    def _on_safety(self, message):
        owns = message.owner == self.source
        if owns and message.epoch != self.epoch:
            self.base, self.begin_ns = self.measured, self.now_ns
        self.epoch = message.epoch if owns else None

    def _beat(self):
        self.beats.publish(Header(stamp=from_ns(self.now_ns), frame_id="active"))

    def motion(self, times_s):
        """Positions (n, J) for times since the lease began."""
        wanted = self.base + np.where(self.middle > self.base, self.reach_rad, -self.reach_rad)
        reach = np.clip(wanted, self.contract.lower_rad + 0.02, self.contract.upper_rad - 0.02) - self.base
        return self.base + reach * (1 - np.cos(RATE_RAD_S * np.maximum(times_s, 0.0)))[:, None] / 2

    def chunk(self, delay_ns=50_000_000, **fields):
        """Return a chunk computed `delay_ns` ago."""
        self.sequence += 1
        start_ns = self.now_ns - delay_ns
        positions = self.motion((start_ns - self.begin_ns) * 1e-9 + STEP_S * np.arange(HORIZON))
        if self.mode == "degrees":
            positions = np.rad2deg(positions)
        if self.mode == "nan" and self.sequence > 10:
            positions[3, 5] = np.nan
        message = ActionChunk(
            source=self.source,
            sequence=self.sequence,
            epoch=self.epoch,
            joint_names=list(self.contract.joint_names),
            horizon=len(positions),
            step_dt=STEP_S,
            positions=positions.astype(np.float32).ravel().tolist(),
            prefix_steps=4,
            policy_id="mock",
        )
        message.header.stamp = from_ns(start_ns)
        message.joint_state_stamp = message.inference_start = from_ns(start_ns)
        message.inference_end = from_ns(self.now_ns)
        for name, value in fields.items():
            setattr(message, name, value)
        return message

    def publish_chunk(self, **fields):
        """Publish a chunk, if this policy owns the robot."""
        if self.epoch is not None and self.base is None:  # the lease may be heard of before the joints
            self.base, self.begin_ns = self.measured, self.now_ns
        if self.epoch is not None and self.base is not None and self.now_ns > 100_000_000:
            self.chunks.publish(self.chunk(**fields))


def main():
    """Spin until the process is told to end."""
    return spin_until_told(MockPolicy)


if __name__ == "__main__":
    sys.exit(main())
