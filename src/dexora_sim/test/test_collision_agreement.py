"""Pins that the core's collision distances are those of MuJoCo, pair by pair, at 500 random poses.

Both are given the same shapes, so what may differ is: the files' ten decimals (1e-9 m), the core's tolerance,
by which it stays below the true distance, and MuJoCo's own (1e-6 m). Overlaps are compared where the core can
measure a depth: between capsules.
"""

from collections import Counter, defaultdict

import mujoco
import numpy as np
from dexora_core.collision import CollisionModel, load_shapes
from dexora_core.collision.gjk import TOLERANCE_M
from dexora_core.contract import load_contract

from dexora_description import collision_path, contract_path, mjcf_path, urdf_path

POSES = 500
FAR_M = 5.0
MUJOCO_M = 2e-6
CONTRACT = load_contract(contract_path())


def geoms_of(model, shapes):
    """Index of the geom of every shape: both files list the shapes of a link in the same order."""
    by_body = defaultdict(list)
    for geom in range(model.ngeom):
        if model.geom_contype[geom]:
            by_body[model.body(model.geom_bodyid[geom]).name].append(geom)
    seen = Counter()
    found = []
    for shape in shapes:
        found.append(by_body[shape.link][seen[shape.link]])
        seen[shape.link] += 1
    return found


def test_distances_are_those_of_mujoco():
    shapes = load_shapes(urdf_path())
    core = CollisionModel.load(urdf_path(), collision_path(), CONTRACT.joint_names)
    model = mujoco.MjModel.from_xml_path(str(mjcf_path()))
    data = mujoco.MjData(model)
    qpos = np.array([model.joint(name).qposadr[0] for name in CONTRACT.joint_names])
    geoms = geoms_of(model, shapes)
    pairs = list(zip(*core.shape_pairs, strict=True))
    is_capsule = np.array([all(shapes[k].kind == "capsule" for k in pair) for pair in pairs])
    poses = np.random.default_rng(0).uniform(CONTRACT.lower_rad, CONTRACT.upper_rad, (POSES, len(qpos)))
    below, above, overlaps = 0.0, 0.0, 0
    for pose in poses:
        data.qpos[qpos] = pose
        mujoco.mj_kinematics(model, data)
        theirs = np.array(
            [mujoco.mj_geomDistance(model, data, geoms[a], geoms[b], FAR_M, None) for a, b in pairs]
        )
        ours = core.distances(pose[None])[0]
        apart = theirs > 1e-4
        assert (ours[~apart] < 2e-4).all(), "an overlap must be seen as one"
        comparable = apart | (is_capsule & (theirs > -0.018))
        overlaps += int((comparable & ~apart).sum())
        difference = (ours - theirs)[comparable]
        below, above = min(below, difference.min()), max(above, difference.max())
    assert above < MUJOCO_M
    assert below > -TOLERANCE_M - MUJOCO_M
    assert overlaps >= 10
