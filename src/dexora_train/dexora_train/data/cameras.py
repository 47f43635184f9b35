"""The size in which the twin's cameras deliver pictures, before the robot's own `resize` shrinks them."""

from __future__ import annotations

from dataclasses import replace

from dexora_core.contract import CameraSpec, RobotContract

RENDER_SIZE = (240, 320)
"""Height and width in pixels, as the launch files ask of the twin."""


def cameras_of(contract: RobotContract) -> list[CameraSpec]:
    """Return the robot's cameras in the contract's order, at `RENDER_SIZE`."""
    height, width = RENDER_SIZE
    return [replace(contract.camera(view), height=height, width=width) for view in contract.views]
