"""YAML to `RobotContract`, strictly: every fault of a contract file is found here, before anything moves."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from dexora_core.contract.fields import Fields
from dexora_core.contract.model import RobotContract
from dexora_core.contract.specs import AgeLimit, AgeLimits, CameraSpec, GroupSpec, JointSpec, RateSpec
from dexora_core.errors import ContractError

SCHEMA = 1
UNITS = {"angle": "rad", "time": "s", "rate": "Hz"}
GROUP_KINDS = ("arm", "hand")
LIMIT_SOURCES = ("assumed", "published", "measured")
AGE_SIGNALS = ("tick", "joint_states", "camera", "camera_skew", "policy", "teleop", "deadman", "watchdog")
# A revolute joint turns two full turns at most; anything beyond was written in degrees.
MAX_ANGLE_RAD = 4.0 * math.pi
_NAME = r"[a-z][a-z0-9_]*"
_TOPIC = r"/[A-Za-z0-9_]+(/[A-Za-z0-9_]+)+"
_JOINT_KEYS = ("name", "group", "limits", "lower_rad", "upper_rad", "home_rad")
_LIMIT_KEYS = ("max_velocity_rad_s", "max_acceleration_rad_s2", "max_jerk_rad_s3", "source", "reason")


def load_contract(path: Path | str) -> RobotContract:
    """Load a contract file, `<robot>.yaml`.

    Errors:
        ContractError: the file is absent, not YAML, named unlike its robot, or breaks a rule; the message
            names the file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"contract {path}: cannot be read ({error.strerror}); give the path of a robots/<robot>.yaml"
        raise ContractError(msg) from error
    except UnicodeDecodeError as error:
        raise ContractError(f"contract {path}: is no UTF-8 text ({error}); save it as UTF-8") from error
    contract = parse_contract(text, origin=path.name)
    if contract.name != path.stem:  # models are found by the robot's name: it would get another robot's
        msg = f"contract {path.name}: name is '{contract.name}'; it must be '{path.stem}', as the file says"
        raise ContractError(msg)
    return contract


def parse_contract(text: str, origin: str = "<text>") -> RobotContract:
    """Parse the text of a contract file; `origin` names it in messages.

    Errors:
        ContractError: as `load_contract`.
    """
    try:
        return _contract(read_yaml(text))
    except yaml.YAMLError as error:
        raise ContractError(f"contract {origin}: not valid YAML: {error}") from error
    except ContractError as error:
        raise ContractError(f"contract {origin}: {error.message}") from error


def read_yaml(text: str) -> Any:
    """Return what a YAML text says.

    Errors:
        yaml.YAMLError: not YAML, or not of plain values.
        ContractError: a mapping has a key twice.
    """
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - subclass of SafeLoader


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice in one mapping, which YAML would silently override."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise ContractError(
                f"duplicate key {', '.join(twice)} in the mapping of line {line}; write each key once"
            )
        return super().construct_mapping(node, deep=deep)


def _contract(document: Any) -> RobotContract:
    keys = ("schema", "name", "units", "rates", "ages", "limits", "groups", "joints", "cameras")
    top = Fields(document, "", keys, ("description",))
    if top.whole("schema", lower=1) != SCHEMA:
        raise ContractError(f"schema is {top.raw('schema')}; this version of dexora reads schema {SCHEMA}")
    _check_units(top)
    groups = tuple(_group(value, where) for where, value in top.items("groups"))
    _refuse_duplicates("group", [group.name for group in groups])
    _refuse_duplicates("controller", [group.controller for group in groups])
    limits = _limit_classes(top)
    joints = tuple(_joint(value, where, groups, limits) for where, value in top.items("joints"))
    cameras = tuple(_camera(value, where) for where, value in top.items("cameras"))
    for what in ("view", "topic", "frame_id"):
        _refuse_duplicates(f"camera {what}", [getattr(camera, what) for camera in cameras])
    _refuse_empty_groups(groups, joints)
    contract = RobotContract(top.text("name", _NAME), joints, groups, cameras, _rates(top), _ages(top))
    contract.resolve(contract.joint_names)  # builds the name table, which refuses duplicate names and aliases
    return contract


def _check_units(top: Fields) -> None:
    units = Fields(top.raw("units"), "units", tuple(UNITS))
    for quantity, unit in UNITS.items():
        units.choice(quantity, (unit,))


def _group(value: Any, where: str) -> GroupSpec:
    fields = Fields(value, where, ("name", "kind", "controller"), ("max_rate_hz", "zero_based_names"))
    return GroupSpec(
        name=fields.text("name", _NAME),
        kind=fields.choice("kind", GROUP_KINDS),
        controller=fields.text("controller", _NAME),
        max_rate_hz=fields.optional_number("max_rate_hz", above=0.0),
        zero_based_names=fields.flag("zero_based_names"),
    )


@dataclass(frozen=True, slots=True)
class _Dynamics:
    """Values of one class of limits; their names are those of `JointSpec`."""

    max_velocity_rad_s: float
    max_acceleration_rad_s2: float
    max_jerk_rad_s3: float
    limits_source: str


def _limit_classes(top: Fields) -> dict[str, _Dynamics]:
    classes = top.raw("limits")
    if not isinstance(classes, dict) or not classes:
        raise ContractError(
            "limits is empty; name at least one class of velocity, acceleration and jerk limits"
        )
    return {name: _dynamics(value, f"limits.{name}") for name, value in classes.items()}


def _dynamics(value: Any, where: str) -> _Dynamics:
    fields = Fields(value, where, _LIMIT_KEYS)
    fields.text("reason")
    return _Dynamics(
        max_velocity_rad_s=fields.number("max_velocity_rad_s", above=0.0),
        max_acceleration_rad_s2=fields.number("max_acceleration_rad_s2", above=0.0),
        max_jerk_rad_s3=fields.number("max_jerk_rad_s3", above=0.0),
        limits_source=fields.choice("source", LIMIT_SOURCES),
    )


def _joint(value: Any, where: str, groups: tuple[GroupSpec, ...], limits: dict[str, _Dynamics]) -> JointSpec:
    fields = Fields(value, where, _JOINT_KEYS, ("aliases",))
    name = fields.text("name", _NAME)
    lower, upper = (
        fields.number(key, lower=-MAX_ANGLE_RAD, upper=MAX_ANGLE_RAD) for key in ("lower_rad", "upper_rad")
    )
    if lower >= upper:
        raise ContractError(f"{where} of {name}: lower_rad {lower:g} is not below upper_rad {upper:g}")
    home = fields.number("home_rad")
    if not lower <= home <= upper:
        raise ContractError(
            f"{where} of {name}: home_rad {home:g} is outside its limits [{lower:g}, {upper:g}]"
        )
    dynamic = limits[fields.choice("limits", tuple(limits))]
    return JointSpec(
        name=name,
        group=fields.choice("group", tuple(group.name for group in groups)),
        lower_rad=lower,
        upper_rad=upper,
        home_rad=home,
        aliases=fields.texts("aliases"),
        **asdict(dynamic),
    )


def _camera(value: Any, where: str) -> CameraSpec:
    fields = Fields(value, where, ("view", "topic", "frame_id", "width", "height", "rate_hz"))
    return CameraSpec(
        view=fields.text("view", _NAME),
        topic=fields.text("topic", _TOPIC),
        frame_id=fields.text("frame_id", _NAME),
        width=fields.whole("width", lower=1),
        height=fields.whole("height", lower=1),
        rate_hz=fields.number("rate_hz", above=0.0),
    )


def _rates(top: Fields) -> RateSpec:
    fields = Fields(top.raw("rates"), "rates", ("control_hz", "policy_hz", "horizon_steps"))
    control, policy = fields.number("control_hz", above=0.0), fields.number("policy_hz", above=0.0)
    if policy > control:
        raise ContractError(
            f"rates.policy_hz {policy:g} is above rates.control_hz {control:g}; it must not be"
        )
    return RateSpec(control, policy, fields.whole("horizon_steps", lower=2))


def _ages(top: Fields) -> AgeLimits:
    fields = Fields(top.raw("ages"), "ages", (*AGE_SIGNALS, "min_buffered_horizon_s"))
    signals = {signal: _age(fields.raw(signal), fields.at(signal)) for signal in AGE_SIGNALS}
    return AgeLimits(min_buffered_horizon_s=fields.number("min_buffered_horizon_s", above=0.0), **signals)


def _age(value: Any, where: str) -> AgeLimit:
    bounds = ("warn_s", "no_chunk_s", "stop_s")
    fields = Fields(value, where, ("nominal_s",), bounds)
    limits = {key: fields.optional_number(key, above=0.0) for key in bounds}
    rising = [("nominal_s", fields.number("nominal_s", above=0.0))]
    rising += [(key, limit) for key, limit in limits.items() if limit is not None]
    if len(rising) == 1:
        raise ContractError(f"{where}: no limit is given; give at least one of {', '.join(bounds)}")
    for (below, smaller), (above, larger) in itertools.pairwise(rising):
        if smaller >= larger:
            raise ContractError(f"{where}: {below} {smaller:g} must be below {above} {larger:g}")
    return AgeLimit(nominal_s=rising[0][1], **limits)


def _refuse_duplicates(what: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ContractError(f"duplicate {what} {', '.join(twice)}; each must be unique")


def _refuse_empty_groups(groups: tuple[GroupSpec, ...], joints: tuple[JointSpec, ...]) -> None:
    used = {joint.group for joint in joints}
    empty = [group.name for group in groups if group.name not in used]
    if empty:
        raise ContractError(f"group without joints: {', '.join(empty)}; remove it or give it joints")
