"""The mathematics of safe joint motion: limits, stops, plans, and the projection onto what can be stopped.

The invariant that everything rests on: a plan ends at rest inside position, velocity, acceleration and jerk
limits, and a plan is only ever replaced by another such plan that continues it with equal position, velocity
and acceleration. Keeping the old plan is always possible, so the limits hold whatever is asked and whenever.
"""

from dexora_core.motion.limits import MotionLimits
from dexora_core.motion.plan import Plan
from dexora_core.motion.projection import Demand, Projection, Projector
from dexora_core.motion.stopping import StopFamilies

__all__ = ["Demand", "MotionLimits", "Plan", "Projection", "Projector", "StopFamilies"]
