"""Checks that a compiled model and the robot's contract describe the same robot."""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np
from dexora_core.contract import RobotContract

from dexora_sim.errors import SimulationError

LIMIT_TOLERANCE_RAD = 1e-5
_HINGE = mujoco.mjtJoint.mjJNT_HINGE.value


def disagreements(model: mujoco.MjModel, contract: RobotContract) -> list[str]:
    """Return one sentence for each way in which the model departs from the contract."""
    found = list(_joint_faults(model, contract))
    cameras = {model.camera(i).name for i in range(model.ncam)}
    found += [f"camera '{view}' is missing" for view in contract.views if view not in cameras]
    return found


def check_agreement(model: mujoco.MjModel, contract: RobotContract) -> None:
    """Refuse a model that does not follow the contract.

    Raises:
        SimulationError: The message lists up to eight disagreements.
    """
    found = disagreements(model, contract)
    if found:
        shown = "; ".join(found[:8]) + (f"; and {len(found) - 8} more" if len(found) > 8 else "")
        raise SimulationError(
            f"the MJCF does not follow contract '{contract.name}': {shown}. Generate the MJCF again."
        )


def _joint_faults(model: mujoco.MjModel, contract: RobotContract) -> Iterator[str]:
    joints = {model.joint(i).name: i for i in range(model.njnt)}
    actuators = {model.actuator(i).name: i for i in range(model.nu)}
    for spec in contract.joints:
        if spec.name not in joints:
            yield f"joint '{spec.name}' is missing"
            continue
        index = joints[spec.name]
        limits = np.array([spec.lower_rad, spec.upper_rad])
        if model.jnt_type[index] != _HINGE:
            yield f"joint '{spec.name}' is not a hinge"
        elif not model.jnt_limited[index]:
            yield f"joint '{spec.name}' has no limits, the contract has {limits.tolist()} rad"
        elif np.abs(model.jnt_range[index] - limits).max() > LIMIT_TOLERANCE_RAD:
            model_limits = np.round(model.jnt_range[index], 6).tolist()
            yield f"joint '{spec.name}' has limits {model_limits} rad, the contract {limits.tolist()}"
        if spec.name not in actuators:
            yield f"actuator '{spec.name}' is missing"
        elif model.actuator_trnid[actuators[spec.name], 0] != index:
            yield f"actuator '{spec.name}' drives another joint"
    extra = sorted(set(actuators) - set(contract.joint_names))
    if extra:
        yield f"actuators {', '.join(extra)} are not in the contract"
