"""A bottle with a cap on a thread.

The cap is a free body welded to a nut; the nut turns and rises on the bottle's neck, coupled as by a thread.
Past the end of the thread the weld is let go and the cap is a free object.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np

from dexora_sim.tasks.furniture import add_object, add_part
from dexora_sim.tasks.placing import Placement, place

BOTTLE_RADIUS_M = 0.032
BOTTLE_HEIGHT_M = 0.124
BOTTLE_MASS_KG = 0.30
BOTTLE_FRICTION = 0.6
NECK_RADIUS_M = 0.016
NECK_HEIGHT_M = 0.016
"""Of the bare neck between shoulder and cap: room for fingertips."""
CAP_RADIUS_M = 0.024
CAP_HEIGHT_M = 0.032
CAP_MASS_KG = 0.03
PITCH_M_PER_RAD = 0.003 / (2 * math.pi)
THREAD_END_RAD = math.radians(200.0)
"""The thread lets go a little after the half turn that the task asks for."""
THREAD_FRICTION_NM = 0.12
"""Torque that turns the cap. Friction on the table holds the bottle with less, so a hand must hold it."""
NUT_INERTIA_KGM2 = 2e-4
"""MuJoCo softens a coupling by the lighter of its joints; this much inertia keeps the thread stiff."""
STIFF = [0.99, 0.999, 0.0005, 0.5, 2.0]
TURN_JOINT = "cap_turn"
RISE_JOINT = "cap_rise"
WELD = "cap_on_thread"
COUPLING = "cap_thread"
SEAT_M = BOTTLE_HEIGHT_M / 2 + NECK_HEIGHT_M + CAP_HEIGHT_M / 2 + 0.001
"""Height of the cap's middle above the bottle's when it is closed."""


def add_bottle(spec: mujoco.MjSpec) -> None:
    """Add bodies `bottle` and `cap`, the thread between them, and what keeps it together."""
    cylinder = mujoco.mjtGeom.mjGEOM_CYLINDER
    size = (BOTTLE_RADIUS_M, BOTTLE_HEIGHT_M / 2, 0.0)
    bottle = add_object(spec, "bottle", cylinder, size, BOTTLE_MASS_KG)
    bottle.geoms[0].friction[0] = BOTTLE_FRICTION
    bottle.pos = [0.0, 0.0, 1.0]
    top = BOTTLE_HEIGHT_M / 2
    neck_size = (NECK_RADIUS_M, NECK_HEIGHT_M / 2, 0.0)
    add_part(bottle, "neck", cylinder, neck_size, 0.01, z_m=top + NECK_HEIGHT_M / 2)
    mouth_half = CAP_HEIGHT_M / 2 - 0.004
    mouth_size = (NECK_RADIUS_M, mouth_half, 0.0)
    mouth = add_part(bottle, "mouth", cylinder, mouth_size, 0.005, z_m=top + NECK_HEIGHT_M + mouth_half)
    mouth.contype = mouth.conaffinity = 0  # inside the cap
    _add_nut(bottle)
    cap = add_object(spec, "cap", cylinder, (CAP_RADIUS_M, CAP_HEIGHT_M / 2, 0.0), CAP_MASS_KG)
    cap.pos = [0.0, 0.0, 1.0 + SEAT_M]
    joint = mujoco.mjtObj.mjOBJ_JOINT
    coupling = spec.add_equality(name=COUPLING, type=mujoco.mjtEq.mjEQ_JOINT, objtype=joint)
    coupling.name1, coupling.name2 = RISE_JOINT, TURN_JOINT
    coupling.data[:2] = 0.0, PITCH_M_PER_RAD  # rise = pitch * turn
    coupling.solref, coupling.solimp = [0.004, 1.0], STIFF
    weld = spec.add_equality(name=WELD, type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY)
    weld.name1, weld.name2 = "nut", "cap"
    weld.data[:3] = 0.0  # anchor in the middle of the cap
    weld.data[10] = 0.05  # torque scale [m]: a rotation of 1 rad weighs as much as 5 cm
    weld.solref, weld.solimp = [0.004, 1.0], STIFF


def _add_nut(bottle: mujoco.MjsBody) -> None:
    nut = bottle.add_body(name="nut", pos=[0.0, 0.0, SEAT_M])
    nut.mass, nut.inertia, nut.explicitinertial = 0.01, [1e-5, 1e-5, 1e-5], True
    up = [0.0, 0.0, 1.0]
    hinge = nut.add_joint(name=TURN_JOINT, type=mujoco.mjtJoint.mjJNT_HINGE, axis=up)
    hinge.frictionloss, hinge.damping = THREAD_FRICTION_NM, [0.002, 0.0, 0.0]
    hinge.armature = NUT_INERTIA_KGM2
    hinge.solref_friction, hinge.solimp_friction = [0.004, 1.0], STIFF
    hinge.limited, hinge.range = mujoco.mjtLimited.mjLIMITED_TRUE, [-0.02, 4 * math.pi]
    slide = nut.add_joint(name=RISE_JOINT, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=up)
    slide.damping, slide.armature = [1.0, 0.0, 0.0], 0.01


def place_bottle(model: mujoco.MjModel, data: mujoco.MjData, placement: Placement) -> None:
    """Stand the closed bottle on the table; `data` is not updated."""
    place(model, data, "bottle", placement)
    bottle = int(model.jnt_qposadr[model.body("bottle").jntadr[0]])
    cap = int(model.jnt_qposadr[model.body("cap").jntadr[0]])
    data.qpos[cap : cap + 7] = data.qpos[bottle : bottle + 7]
    data.qpos[cap + 2] += float(model.body("nut").pos[2])


def let_go_at_end(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Free the cap once it is past the end of the thread; it does not go back on."""
    weld = model.equality(WELD).id
    turn = model.joint(TURN_JOINT)
    if data.eq_active[weld] and data.qpos[turn.qposadr[0]] >= THREAD_END_RAD:
        data.eq_active[weld] = 0


def cap_height_over_seat(bottle: np.ndarray, rotation: np.ndarray, cap: np.ndarray) -> float:
    """Return how far the cap's middle is from its seat [m], from positions (3,) and the bottle's rotation."""
    seat = bottle + rotation @ np.array([0.0, 0.0, SEAT_M])
    return float(np.linalg.norm(cap - seat))
