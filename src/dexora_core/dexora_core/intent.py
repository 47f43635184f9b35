"""What the collision check judges: where the robot is commanded to be, would rest, and is asked to go."""

from __future__ import annotations

import numpy as np

from dexora_core.clock import NS_PER_MS, ns_to_s
from dexora_core.motion import Plan
from dexora_core.motion.limits import FloatArray
from dexora_core.timeline import Timeline
from dexora_core.trajectory import Points

STEP_NS = 50 * NS_PER_MS
STEPS = 6
"""0.3 s: a stop from full speed and full acceleration takes 0.25 s, the collision check less than 0.05 s."""


def intent(plan: Plan, now_ns: int, asked: FloatArray) -> FloatArray:
    """Return poses, shape (2 + n, J) [rad]: commanded now, at rest if all stopped now, then `asked`.

    Args:
        plan: The commanded motion.
        now_ns: The present.
        asked: What is asked for, shape (n, J) [rad]; n may be 0.
    """
    return np.vstack([plan.state_at(now_ns)[:1], plan.rest_position()[None], *asked])


def asked_of(timeline: Timeline, at_ns: int) -> FloatArray:
    """Return what the owner's chunks ask for from a moment on, every `STEP_NS`, shape (n, J) [rad].

    Args:
        timeline: The chunks.
        at_ns: The first moment; not before the last one sampled.
    """
    return timeline.committed(at_ns, STEP_NS, STEPS)


def asked_of_action(points: Points, start_ns: int, now_ns: int) -> FloatArray:
    """Return where an action's motion leads, every `STEP_NS` from now on, shape (STEPS, J) [rad].

    Args:
        points: Its points; between them the joints move on straight lines in joint space.
        start_ns: When it began [ns].
        now_ns: The present.
    """
    since_s = ns_to_s(now_ns - start_ns)
    times_s = since_s + ns_to_s(STEP_NS) * np.arange(1, STEPS + 1)
    return np.array([np.interp(times_s, points.times_s, column) for column in points.position.T]).T
