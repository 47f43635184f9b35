"""Parameter specifications: every mistake of a user or of a programmer is refused with a usable sentence."""

from dataclasses import dataclass

import pytest
from dexora_core.errors import ConfigError
from dexora_ros.parameter_specs import checked, param, parameter_table, specs_of


@dataclass(frozen=True)
class Sample:
    """Sample."""

    rate_hz: float = param(30.0, description="Rate.", unit="Hz", lower=1.0, upper=120.0)
    depth: int = param(4, description="Depth.", lower=1)
    path: str = param(description="Bundle directory.")
    mode: str = param("fast", description="Fast | slow.", choices=("fast", "slow"), read_only=False)
    gains: tuple[float, ...] = param((1.0, 2.0), description="Gains.", upper=5.0)
    names: list[str] = param([], description="Names.")  # noqa: RUF009
    is_on: bool = param(True, description="Switch.")


SPECS = {spec.name: spec for spec in specs_of(Sample)}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("rate_hz", 30, 30.0),
        ("rate_hz", 120.0, 120.0),
        ("gains", [1, 2.5], (1.0, 2.5)),
        ("names", (), ()),
        ("is_on", False, False),
    ],
)
def test_allowed_value_is_returned_in_the_field_type(name, value, expected):
    result = checked(SPECS[name], value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("rate_hz", float("nan"), "parameter 'rate_hz' is nan: must be finite"),
        ("rate_hz", float("inf"), "must be finite"),
        ("rate_hz", 0.5, "is 0.5: must be 1 to 120 Hz"),
        ("rate_hz", "fast", "must be float, is str"),
        ("rate_hz", True, "must be float, is bool"),
        ("depth", 0, "must be >= 1"),
        ("depth", 2.5, "must be int, is float"),
        ("mode", "slower", "must be one of fast, slow"),
        ("gains", [1.0, float("nan")], "must be finite"),
        ("gains", [6.0], "must be <= 5"),
        ("gains", 1.0, "must be a list of float"),
        ("names", "top", "must be a list of str"),
        ("is_on", 1, "must be bool, is int"),
    ],
)
def test_bad_value_is_refused_with_value_and_bound(name, value, reason):
    with pytest.raises(ConfigError) as refusal:
        checked(SPECS[name], value)
    assert reason in str(refusal.value)


def test_table_lists_every_parameter_once():
    lines = parameter_table(Sample).splitlines()
    assert len(lines) == 2 + len(SPECS)
    assert "| `rate_hz` | `float` | `30.0` | Hz | 1 to 120 | no | Rate. |" in lines
    assert "| `path` | `str` | required |  |  | no | Bundle directory. |" in lines
    assert '| `mode` | `str` | `"fast"` |  | one of fast, slow | yes | Fast \\| slow. |' in lines
    assert "| `gains` | `float[]` | `[1.0, 2.0]` |  | <= 5 | no | Gains. |" in lines


def test_class_that_is_not_frozen_is_refused():
    @dataclass
    class Thawed:
        rate_hz: float = param(1.0, description="Rate.")

    with pytest.raises(TypeError, match="Thawed must be a frozen dataclass"):
        specs_of(Thawed)


def test_default_outside_its_bounds_is_refused():
    @dataclass(frozen=True)
    class Wrong:
        rate_hz: float = param(0.0, description="Rate.", lower=1.0)

    with pytest.raises(TypeError, match=r"default of Wrong.rate_hz breaks its own rule"):
        specs_of(Wrong)


def test_field_without_param_or_with_odd_type_is_refused():
    @dataclass(frozen=True)
    class Bare:
        rate_hz: float = 1.0

    @dataclass(frozen=True)
    class Odd:
        table: dict = param(description="Table.")  # noqa: RUF009

    with pytest.raises(TypeError, match=r"Bare.rate_hz must be made with param"):
        specs_of(Bare)
    with pytest.raises(TypeError, match="use bool, int, float, str"):
        specs_of(Odd)
