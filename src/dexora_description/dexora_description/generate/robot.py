"""Puts body, arms and hands together and takes limits and camera frames from the contract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dexora_description.generate.arm import FLANGE_M, arm_links
from dexora_description.generate.body import arm_mount, base_link
from dexora_description.generate.geometry import pose, rotation_z
from dexora_description.generate.hand import hand_links
from dexora_description.generate.tree import Link

# The hand is turned on the flange so that ordinary grasps (from the side, from above) sit near the middle of
# joint 6; measured over 45 poses above the table. The same turn serves both sides.
HAND_TURN_RAD = np.pi / 2
# r, g, b of every material; matte, bright enough for a camera in poor light.
MATERIALS = {
    "shell": (0.87, 0.88, 0.90),
    "joint": (0.30, 0.32, 0.36),
    "graphite": (0.20, 0.21, 0.24),
    "rubber": (0.52, 0.54, 0.58),
    "left_accent": (0.16, 0.42, 0.80),
    "right_accent": (0.90, 0.48, 0.13),
}


@dataclass(frozen=True)
class Limit:
    """What the contract says of one joint: position [rad] and velocity [rad/s]."""

    lower: float
    upper: float
    velocity: float


@dataclass(frozen=True)
class Robot:
    """A robot ready to be written: links parents first, limits by joint, optical frame by camera view."""

    name: str
    links: tuple[Link, ...]
    limits: dict[str, Limit]
    optical_frames: dict[str, str]


def build(contract_file: Path) -> Robot:
    """Return dexora36 with the limits and cameras of its contract file."""
    contract: dict[str, Any] = yaml.safe_load(contract_file.read_text(encoding="utf-8"))
    limits = {
        joint["name"]: Limit(
            joint["lower_rad"], joint["upper_rad"], contract["limits"][joint["limits"]]["max_velocity_rad_s"]
        )
        for joint in contract["joints"]
    }
    flange = pose((0, 0, FLANGE_M), rotation_z(HAND_TURN_RAD))
    links = [base_link()]
    for side in ("left", "right"):
        links += [*arm_links(side, arm_mount(side)), *hand_links(side, flange)]
    frames = {camera["view"]: camera["frame_id"] for camera in contract["cameras"]}
    return Robot(contract["name"], tuple(links), limits, frames)
