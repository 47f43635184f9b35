"""What a parameter may be: specifications read from a frozen dataclass, without ROS.

A node writes its parameters as a frozen dataclass whose fields are made with `param(...)`; everything else
(declaration, checks, reference page) is derived from it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from dexora_core.errors import ConfigError

_METADATA_KEY = "dexora_parameter"
_SCALARS = (bool, int, float, str)
_NO_DEFAULT = dataclasses.MISSING


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter of a node.

    Attributes:
        name: ROS parameter name.
        scalar: `bool`, `int`, `float` or `str`; the element type of a sequence.
        is_sequence: True for a tuple or a list of `scalar`.
        default: Value when nothing is set; `dataclasses.MISSING` when it must be set.
        description: One sentence.
        unit: Unit of the value, or empty.
        lower: Smallest allowed value, or None.
        upper: Largest allowed value, or None.
        choices: Allowed values, or empty for no restriction.
        read_only: True: fixed once the node exists.
    """

    name: str
    scalar: type
    is_sequence: bool
    default: Any
    description: str
    unit: str
    lower: float | None
    upper: float | None
    choices: tuple[Any, ...]
    read_only: bool

    @property
    def is_required(self) -> bool:
        """True when the parameter has no default."""
        return self.default is _NO_DEFAULT

    @property
    def type_label(self) -> str:
        """Type as the reference page shows it, such as `float` or `float[]`."""
        return f"{self.scalar.__name__}[]" if self.is_sequence else self.scalar.__name__

    @property
    def bounds_label(self) -> str:
        """Allowed values in words, or empty when every finite value of the type is allowed."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        if self.lower is not None and self.upper is not None:
            return f"{self.lower:g} to {self.upper:g}"
        if self.lower is not None:
            return f">= {self.lower:g}"
        return "" if self.upper is None else f"<= {self.upper:g}"


def param(
    default: Any = _NO_DEFAULT,
    *,
    description: str,
    unit: str = "",
    lower: float | None = None,
    upper: float | None = None,
    choices: tuple[Any, ...] = (),
    read_only: bool = True,
) -> Any:
    """Return a dataclass field that is a ROS parameter.

    Args:
        default: Value when nothing is set; leave out when the user must set it.
        description: One sentence for `ros2 param describe` and the reference page.
        unit: Unit of the value, such as `Hz` or `rad/s`.
        lower: Smallest allowed value (of every element of a sequence).
        upper: Largest allowed value (of every element of a sequence).
        choices: Allowed values (of every element of a sequence); empty for no restriction.
        read_only: True (the default): fixed once the node exists.
    """
    metadata = {
        _METADATA_KEY: {
            "description": description,
            "unit": unit,
            "lower": lower,
            "upper": upper,
            "choices": tuple(choices),
            "read_only": read_only,
        }
    }
    if isinstance(default, list):
        default = tuple(default)
    return dataclasses.field(default=default, metadata=metadata, kw_only=True)


def is_parameters_type(candidate: type) -> bool:
    """Return True for a dataclass that has fields and made all of them with `param`."""
    fields = dataclasses.fields(candidate)
    return bool(fields) and all(_METADATA_KEY in field.metadata for field in fields)


def specs_of(parameters_type: type) -> tuple[ParameterSpec, ...]:
    """Return the specifications of a frozen dataclass, in the order of its fields.

    Raises:
        TypeError: The class is no frozen dataclass, a field is not made with `param`, its type is not
            supported, or its default breaks its own bounds. All of these are errors of the programmer.
    """
    if not (dataclasses.is_dataclass(parameters_type) and parameters_type.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise TypeError(f"{parameters_type.__name__} must be a frozen dataclass: @dataclass(frozen=True)")
    hints = get_type_hints(parameters_type)
    return tuple(
        _spec(parameters_type, field, hints[field.name]) for field in dataclasses.fields(parameters_type)
    )


def _spec(owner: type, field: dataclasses.Field[Any], hint: Any) -> ParameterSpec:
    where = f"{owner.__name__}.{field.name}"
    if _METADATA_KEY not in field.metadata:
        raise TypeError(f"{where} must be made with param(...)")
    scalar, is_sequence = _scalar_of(where, hint)
    spec = ParameterSpec(
        name=field.name,
        scalar=scalar,
        is_sequence=is_sequence,
        default=field.default,
        **field.metadata[_METADATA_KEY],
    )
    if not spec.is_required:
        try:
            checked(spec, spec.default)
        except ConfigError as error:
            raise TypeError(f"default of {where} breaks its own rule: {error}") from error
    return spec


def _scalar_of(where: str, hint: Any) -> tuple[type, bool]:
    is_sequence = get_origin(hint) in {tuple, list}
    scalar = get_args(hint)[0] if is_sequence else hint
    if scalar not in _SCALARS:
        raise TypeError(
            f"{where} has type {hint}: use bool, int, float, str or a tuple[..., ...] or list of one"
        )
    return scalar, is_sequence


def checked(spec: ParameterSpec, value: Any) -> Any:
    """Return `value` as the dataclass wants it, whole numbers widened to float where a float is asked.

    Raises:
        ConfigError: Wrong type, not finite, out of bounds or not among the choices.
    """
    if not spec.is_sequence:
        return _checked_scalar(spec, value)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise _refusal(spec, value, f"must be a list of {spec.scalar.__name__}")
    return tuple(_checked_scalar(spec, element) for element in value)


def _checked_scalar(spec: ParameterSpec, raw: Any) -> Any:
    is_whole = isinstance(raw, int) and not isinstance(raw, bool)
    value: Any = float(raw) if spec.scalar is float and is_whole else raw
    if type(value) is not spec.scalar:
        raise _refusal(spec, value, f"must be {spec.scalar.__name__}, is {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(spec, value, "must be finite")
    if spec.choices and value not in spec.choices:
        raise _refusal(spec, value, f"must be {spec.bounds_label}")
    if _is_outside(spec, value):
        raise _refusal(spec, value, f"must be {spec.bounds_label}{' ' + spec.unit if spec.unit else ''}")
    return value


def _is_outside(spec: ParameterSpec, value: Any) -> bool:
    return (spec.lower is not None and value < spec.lower) or (spec.upper is not None and value > spec.upper)


def _refusal(spec: ParameterSpec, value: Any, rule: str) -> ConfigError:
    return ConfigError(f"parameter '{spec.name}' is {value!r}: {rule} ({spec.description})")


def parameter_table(parameters_type: type) -> str:
    """Return the Markdown table of a node's parameters, for the reference page."""
    lines = [
        "| parameter | type | default | unit | allowed | changes at run time | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    lines.extend(_table_row(spec) for spec in specs_of(parameters_type))
    return "\n".join(lines) + "\n"


def _table_row(spec: ParameterSpec) -> str:
    cells = (
        f"`{spec.name}`",
        f"`{spec.type_label}`",
        "required" if spec.is_required else f"`{_default_label(spec.default)}`",
        spec.unit,
        spec.bounds_label,
        "no" if spec.read_only else "yes",
        spec.description,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default_label(default: Any) -> str:
    if isinstance(default, (tuple, list)):
        return "[" + ", ".join(_default_label(element) for element in default) + "]"
    if isinstance(default, bool):
        return str(default).lower()
    return f'"{default}"' if isinstance(default, str) else str(default)
