"""Does a robot model say the same as the contract? Asked before a model is used.

Models are read as text, so that the core needs no simulator. The twin asks `compare_model` again with the
facts of the compiled model, which also sees what comes from includes and defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from dexora_core.contract import RobotContract
from dexora_core.errors import ContractError
from dexora_core.kinematics_urdf import load_urdf

# Models are written with ten decimals; a real disagreement is never this small.
RANGE_TOLERANCE_RAD = 1e-6


@dataclass(frozen=True)
class ModelFacts:
    """What a model says of itself.

    Args:
        origin: where it comes from, for messages.
        ranges_rad: (lower, upper) by joint name; None where the joint is unlimited or does not turn.
        actuators: the joint that each drives, by the actuator's name; None where the format has none.
        cameras: names of the cameras; None where the format has none.
    """

    origin: str
    ranges_rad: dict[str, tuple[float, float] | None]
    actuators: dict[str, str] | None
    cameras: frozenset[str] | None


def check_model(contract: RobotContract, mjcf: Path | str) -> None:
    """Refuse an MJCF that disagrees with the contract; it must name exactly the contract's joints.

    Errors:
        ContractError: every disagreement in one message: joints missing, extra or with another range,
            actuators missing, extra or on another joint, cameras missing, and how to repair it.
    """
    compare_model(contract, read_mjcf(mjcf))


def check_urdf(contract: RobotContract, urdf: Path | str) -> None:
    """Refuse a URDF whose movable joints or ranges disagree with the contract; errors as `check_model`."""
    tree = load_urdf(urdf)
    ranges = {name: (tree.joint(name).lower, tree.joint(name).upper) for name in tree.joint_names}
    compare_model(contract, ModelFacts(Path(urdf).name, dict(ranges), None, None))


def compare_model(contract: RobotContract, facts: ModelFacts) -> None:
    """Refuse a model whose facts disagree with the contract; errors as `check_model`."""
    complaints = _missing(contract.joint_names, set(facts.ranges_rad), "joint")
    extra = [name for name in facts.ranges_rad if name not in contract.joint_names]
    complaints += [f"joint not in the contract: {', '.join(extra)}"] if extra else []
    for joint in contract.joints:
        if joint.name in facts.ranges_rad:
            complaints += _range(joint.name, (joint.lower_rad, joint.upper_rad), facts.ranges_rad[joint.name])
    if facts.actuators is not None:
        complaints += _actuators(contract, facts.actuators)
    if facts.cameras is not None:
        complaints += _missing(contract.views, facts.cameras, "camera")
    if complaints:
        msg = (
            f"model {facts.origin} disagrees with the contract of {contract.name}: {'; '.join(complaints)}. "
        )
        raise ContractError(msg + "Write the model again from the contract, or correct the contract")


def read_mjcf(path: Path | str) -> ModelFacts:
    """Read joint ranges, actuators and cameras of an MJCF file that spells its ranges out.

    Errors:
        ContractError: the file is absent, is not MJCF, or counts angles in degrees.
    """
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - the robot's own model
    except (OSError, ElementTree.ParseError) as error:
        raise ContractError(f"model {path} cannot be read: {error}") from error
    if root.tag != "mujoco":
        raise ContractError(f"model {path} starts with <{root.tag}>; an MJCF starts with <mujoco>")
    compiler = root.find("compiler")
    if compiler is None or compiler.get("angle", "degree") != "radian":
        raise ContractError(
            f'model {path} counts angles in degrees; write <compiler angle="radian"/> and rad'
        )
    world = root.find("worldbody")
    joints = [] if world is None else list(world.iter("joint"))
    actuator = root.find("actuator")
    return ModelFacts(
        origin=Path(path).name,
        ranges_rad={joint.get("name", ""): _limits(joint, str(path)) for joint in joints},
        actuators={
            entry.get("name", ""): entry.get("joint", "") for entry in ([] if actuator is None else actuator)
        },
        cameras=frozenset(camera.get("name", "") for camera in root.iter("camera")),
    )


def _limits(joint: ElementTree.Element, path: str) -> tuple[float, float] | None:
    text = joint.get("range")
    if text is None or joint.get("limited") == "false" or joint.get("type", "hinge") != "hinge":
        return None
    try:
        lower, upper = (float(part) for part in text.split())
    except ValueError as error:
        raise ContractError(
            f'model {path}: joint {joint.get("name")} has range="{text}"; give two numbers'
        ) from error
    return lower, upper


def _actuators(contract: RobotContract, driven: dict[str, str]) -> list[str]:
    complaints = _missing(contract.joint_names, set(driven), "actuator")
    for name, joint in driven.items():
        if name not in contract.joint_names:
            complaints.append(f"actuator {name or 'without a name'} is not in the contract")
        elif joint != name:
            complaints.append(f"actuator {name} drives {joint or 'no joint'}, not the joint of its name")
    return complaints


def _missing(wanted: tuple[str, ...], present: set[str] | frozenset[str], what: str) -> list[str]:
    missing = [name for name in wanted if name not in present]
    return [f"{what} missing: {', '.join(missing)}"] if missing else []


def _range(name: str, contract: tuple[float, float], model: tuple[float, float] | None) -> list[str]:
    if model is None:
        return [f"joint {name} is no hinge with limits, contract says [{contract[0]:g}, {contract[1]:g}] rad"]
    if max(abs(a - b) for a, b in zip(contract, model, strict=True)) <= RANGE_TOLERANCE_RAD:
        return []
    stated = f"[{model[0]:g}, {model[1]:g}]"
    return [f"joint {name} has range {stated} rad, contract says [{contract[0]:g}, {contract[1]:g}] rad"]
