"""A configuration in a file comes back equal; what is unknown, missing or of another kind is refused."""

import json
from dataclasses import dataclass, field

import pytest
from dexora_core.errors import ConfigError
from dexora_core.records import from_dict, to_dict


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outer:
    rate_hz: float
    inner: Inner
    inners: tuple[Inner, ...] = ()
    note: str | None = None
    on: bool = field(default=False)


def test_record_through_json_comes_back_equal():
    record = Outer(1.5, Inner("a", (1, 2)), (Inner("b"), Inner("c", (3,))), "n", True)
    assert from_dict(Outer, json.loads(json.dumps(to_dict(record)))) == record
    assert from_dict(Outer, {"rate_hz": 2, "inner": {"name": "a"}}) == Outer(2.0, Inner("a"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"Outer is \[\]; it must be a mapping"),
        ({"rate_hz": 1.0, "inner": {"name": "a"}, "x": 1}, "unknown key x; allowed keys are rate_hz, inner"),
        ({"rate_hz": 1.0}, "missing inner"),
        ({"rate_hz": "1", "inner": {"name": "a"}}, r"Outer.rate_hz is '1'; it must be of kind float"),
        ({"rate_hz": True, "inner": {"name": "a"}}, "Outer.rate_hz is True"),
        ({"rate_hz": 1.0, "inner": {"name": "a", "sizes": [1, "2"]}}, r"Outer.inner.sizes\[1\] is '2'"),
        ({"rate_hz": 1.0, "inner": {"name": "a", "sizes": 3}}, "sizes is 3; it must be a list"),
        ({"rate_hz": 1.0, "inner": {"name": "a"}, "on": 1}, "Outer.on is 1; it must be of kind bool"),
        ({"rate_hz": 1.0, "inner": {"name": "a"}, "note": 4}, "Outer.note is 4; it must be of kind str"),
    ],
)
def test_wrong_data_is_refused_by_its_place(data, message):
    with pytest.raises(ConfigError, match=message):
        from_dict(Outer, data)
