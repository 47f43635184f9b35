"""Quality of service by purpose, so that two ends of a topic cannot disagree by a typing mistake.

All keep the last message only, because only the newest counts, except `EVENTS`.

| name | reliability | durability | for |
|---|---|---|---|
| `SENSOR` | best effort | volatile | images, camera info, tokens, touch |
| `STATE` | reliable | volatile | joint and controller states: stock tools subscribe reliably |
| `COMMAND` | reliable | volatile | action chunks, joint trajectories, heartbeats |
| `STATUS` | reliable | volatile | command and policy status |
| `LATCHED` | reliable | transient local | safety state, instruction, robot_description: late joiners get it |
| `EVENTS` | reliable, keep last 50 | volatile | rare events none of which may be lost, such as diagnostics |

A subscriber to `SENSOR` matches any publisher; a subscriber to the others needs a reliable publisher.
"""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _keep_last(
    depth: int,
    reliability: ReliabilityPolicy,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability
    )


SENSOR = _keep_last(1, ReliabilityPolicy.BEST_EFFORT)
STATE = _keep_last(1, ReliabilityPolicy.RELIABLE)
COMMAND = _keep_last(1, ReliabilityPolicy.RELIABLE)
STATUS = _keep_last(1, ReliabilityPolicy.RELIABLE)
LATCHED = _keep_last(1, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
EVENTS = _keep_last(50, ReliabilityPolicy.RELIABLE)
