"""Where on the table each hand works well; checked against the robot's reach by a test."""

from __future__ import annotations

from dexora_sim.tasks.placing import Region

FORWARD_M = 0.48
"""Distance of the working area's middle in front of the robot's base."""

LEFT = Region(0.51, 0.18, 0.04, 0.06)
RIGHT = Region(0.51, -0.18, 0.04, 0.06)
OF_HAND = {"left": LEFT, "right": RIGHT}
BOX = Region(FORWARD_M, 0.0, 0.03, 0.03, 0.15)
BOTTLE = Region(FORWARD_M, 0.0, 0.03, 0.04)
HANDOVER = {"left": Region(FORWARD_M, 0.12, 0.03, 0.04), "right": Region(FORWARD_M, -0.12, 0.03, 0.04)}
ROW = tuple(Region(FORWARD_M, y_m, 0.05, 0.02, 0.5) for y_m in (0.13, 0.0, -0.13))
"""Places of the three objects of `reach`; both hands reach all of them."""
