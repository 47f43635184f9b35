"""Checks that a compiled model and the robot's contract describe the same robot."""

from __future__ import annotations

import mujoco
from dexora_core.contract import RobotContract
from dexora_core.contract_check import ModelFacts, compare_model

_HINGE = mujoco.mjtJoint.mjJNT_HINGE.value
_ON_JOINT = mujoco.mjtTrn.mjTRN_JOINT.value


def check_agreement(model: mujoco.MjModel, contract: RobotContract, origin: str) -> None:
    """Refuse a model that does not follow the contract; the scene may have joints that nothing drives.

    Args:
        model: Compiled robot, with or without a scene around it.
        contract: The robot.
        origin: Where the model comes from, for messages.

    Raises:
        ContractError: The message lists every disagreement.
    """
    driven = {model.actuator(index).name: _driven(model, index) for index in range(model.nu)}
    ranges = {model.joint(index).name: _range(model, index) for index in range(model.njnt)}
    ours = {*contract.joint_names, *driven.values()} - {""}
    compare_model(
        contract,
        ModelFacts(
            origin,
            {name: limits for name, limits in ranges.items() if name in ours},
            driven,
            frozenset(model.camera(index).name for index in range(model.ncam)),
        ),
    )


def _driven(model: mujoco.MjModel, actuator: int) -> str:
    if model.actuator_trntype[actuator] != _ON_JOINT:
        return ""
    return str(model.joint(model.actuator_trnid[actuator, 0]).name)


def _range(model: mujoco.MjModel, joint: int) -> tuple[float, float] | None:
    if model.jnt_type[joint] != _HINGE or not model.jnt_limited[joint]:
        return None
    lower, upper = model.jnt_range[joint].tolist()
    return lower, upper
