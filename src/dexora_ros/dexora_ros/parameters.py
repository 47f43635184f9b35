"""ROS parameters from a frozen dataclass: declared with descriptors, checked together, unknown ones refused.

All values are checked before anything is declared, so that one message lists every mistake. A whole number
given for a float (`rate_hz: 30` in YAML) is widened instead of refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from dexora_core.errors import ConfigError
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from .parameter_specs import ParameterSpec, checked, param, parameter_table, specs_of

__all__ = ["declare_parameters", "declare_together", "param", "parameter_table", "watch_parameters"]

P = TypeVar("P")

# Declared by rclpy itself, or read by it from the overrides.
_BUILT_IN = ("use_sim_time", "start_type_description_service")
_BUILT_IN_PREFIXES = ("qos_overrides.",)
_INT64_LIMIT = 2**63 - 1
_TYPES = {
    bool: (Parameter.Type.BOOL, Parameter.Type.BOOL_ARRAY),
    int: (Parameter.Type.INTEGER, Parameter.Type.INTEGER_ARRAY),
    float: (Parameter.Type.DOUBLE, Parameter.Type.DOUBLE_ARRAY),
    str: (Parameter.Type.STRING, Parameter.Type.STRING_ARRAY),
}


def declare_parameters(node: Node, parameters_type: type[P]) -> P:
    """Declare a node's parameters and return their values.

    Args:
        node: The node; its parameter overrides (command line, file, constructor) are taken.
        parameters_type: Frozen dataclass with `param` fields.

    Raises:
        ConfigError: Unknown names, missing required ones, wrong types, values that are not finite or out of
            their bounds. The message lists all of them and what is allowed.
    """
    (parameters,) = declare_together(node, parameters_type)
    return cast(P, parameters)


def declare_together(node: Node, *parameters_types: type) -> tuple[Any, ...]:
    """Declare the parameters of several classes on one node; values in the order of the classes.

    Raises:
        ConfigError: As `declare_parameters`.
    """
    specs = [spec for parameters_type in parameters_types for spec in specs_of(parameters_type)]
    values = _checked_values(node, specs)
    for spec in specs:
        _declare(node, spec, values[spec.name])
    return tuple(
        parameters_type(**{spec.name: values[spec.name] for spec in specs_of(parameters_type)})
        for parameters_type in parameters_types
    )


def _checked_values(node: Node, specs: list[ParameterSpec]) -> dict[str, Any]:
    # rclpy offers no public access to overrides of parameters that are not declared yet.
    overrides: dict[str, Parameter] = node._parameter_overrides
    problems = _unknown(overrides, {spec.name for spec in specs})
    values: dict[str, Any] = {}
    for spec in specs:
        try:
            values[spec.name] = _resolve(spec, overrides)
        except ConfigError as error:  # noqa: PERF203 - every mistake is to be listed
            problems.append(error.message)
    if problems:
        raise ConfigError(f"node '{node.get_name()}' refuses its parameters: " + "; ".join(problems))
    return values


def watch_parameters(node: Node, parameters: P, on_change: Callable[[P], None]) -> None:
    """Check later changes by the same rules and hand over a new parameters object after each.

    Only fields with `read_only=False` can change; rclpy refuses the others.

    Args:
        node: The node whose parameters were declared from `type(parameters)`.
        parameters: Values in force.
        on_change: Called with the new values after they were set.
    """
    specs = {spec.name: spec for spec in specs_of(type(parameters))}
    current = parameters

    def validate(changes: list[Parameter]) -> SetParametersResult:
        try:
            for change in changes:
                if change.name in specs:
                    checked(specs[change.name], change.value)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=error.message)
        return SetParametersResult(successful=True)

    def apply(changes: list[Parameter]) -> None:
        nonlocal current
        mine = {p.name: checked(specs[p.name], p.value) for p in changes if p.name in specs}
        if mine:
            current = replace(current, **mine)  # type: ignore[type-var]
            on_change(current)

    node.add_on_set_parameters_callback(validate)
    node.add_post_set_parameters_callback(apply)


def _unknown(overrides: Iterable[str], allowed: set[str]) -> list[str]:
    unknown = sorted(
        name
        for name in overrides
        if name not in allowed and name not in _BUILT_IN and not name.startswith(_BUILT_IN_PREFIXES)
    )
    if not unknown:
        return []
    return [f"unknown: {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}"]


def _resolve(spec: ParameterSpec, overrides: dict[str, Parameter]) -> Any:
    if spec.name in overrides and overrides[spec.name].type_ != Parameter.Type.NOT_SET:
        return checked(spec, overrides[spec.name].value)
    if spec.is_required:
        raise ConfigError(f"parameter '{spec.name}' must be set ({spec.description})")
    return tuple(spec.default) if spec.is_sequence else spec.default


def _declare(node: Node, spec: ParameterSpec, value: Any) -> None:
    descriptor = ParameterDescriptor(
        description=f"{spec.description} [{spec.unit}]" if spec.unit else spec.description,
        additional_constraints=spec.bounds_label if spec.choices or spec.is_sequence else "",
        read_only=spec.read_only,
        floating_point_range=_float_range(spec),
        integer_range=_integer_range(spec),
    )
    ros_type = _TYPES[spec.scalar][spec.is_sequence]
    stored = list(value) if spec.is_sequence else value
    if spec.is_sequence and not stored:
        # rclpy takes every empty list for a byte array; `watch_parameters` still checks the elements.
        descriptor.dynamic_typing = True
        node.declare_parameter(spec.name, stored, descriptor, ignore_override=True)
        return
    node._parameter_overrides[spec.name] = Parameter(spec.name, ros_type, stored)
    node.declare_parameter(spec.name, ros_type, descriptor)


def _float_range(spec: ParameterSpec) -> list[FloatingPointRange]:
    if spec.scalar is not float or spec.is_sequence or (spec.lower is None and spec.upper is None):
        return []
    limit = sys.float_info.max
    lower = -limit if spec.lower is None else float(spec.lower)
    upper = limit if spec.upper is None else float(spec.upper)
    return [FloatingPointRange(from_value=lower, to_value=upper)]


def _integer_range(spec: ParameterSpec) -> list[IntegerRange]:
    if spec.scalar is not int or spec.is_sequence or (spec.lower is None and spec.upper is None):
        return []
    lower = -_INT64_LIMIT if spec.lower is None else int(spec.lower)
    upper = _INT64_LIMIT if spec.upper is None else int(spec.upper)
    return [IntegerRange(from_value=lower, to_value=upper)]
