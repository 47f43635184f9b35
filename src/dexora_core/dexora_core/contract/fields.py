"""Reads typed fields out of parsed YAML, strictly: what is unknown, missing or of the wrong kind is an error.

Every error says where (`joints[3].lower_rad`), the value, and what is allowed.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from typing import Any

from dexora_core.errors import ContractError

_UNIT_SUFFIX = re.compile(r"_(rad|rad_s|rad_s2|rad_s3|deg|deg_s|s|ms|hz|khz)$")


class Fields:
    """One mapping of the file with the place where it stands.

    Args:
        value: what YAML gave; must be a mapping with text keys.
        where: place in the file, for messages, e.g. `joints[3]`; empty for the top level.
        required: keys that must be there.
        optional: further keys that may be there.

    Errors:
        ContractError: not a mapping, an unknown key, or a missing one; allowed keys are listed.
    """

    def __init__(
        self, value: Any, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> None:
        self.where = where or "the file"
        self._prefix = f"{where}." if where else ""
        if not isinstance(value, dict):
            msg = f"{self.where} is {_shown(value)}; it must be a mapping with the keys {', '.join(required)}"
            raise ContractError(msg)
        allowed = (*required, *optional)
        unknown = [key for key in value if key not in allowed]
        if unknown:
            hints = ", ".join(_unknown_key(str(key), allowed) for key in unknown)
            raise ContractError(f"{self.where}: unknown key {hints}; allowed keys are {', '.join(allowed)}")
        missing = [key for key in required if key not in value]
        if missing:
            named = f" of {value['name']}" if isinstance(value.get("name"), str) else ""
            raise ContractError(
                f"{self.where}{named}: missing {', '.join(missing)}; required keys are {', '.join(required)}"
            )
        self._value = value

    def raw(self, key: str) -> Any:
        """Return what YAML gave, or None."""
        return self._value.get(key)

    def at(self, key: str) -> str:
        """Return the place of a key, for messages."""
        return f"{self._prefix}{key}"

    def text(self, key: str, pattern: str = r".+") -> str:
        """Return a non-empty text that matches `pattern` in full."""
        value = self._value[key]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ContractError(
                f"{self.at(key)} is {_shown(value)}; it must be a text that matches {pattern}"
            )
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return one of `allowed`."""
        value = self._value[key]
        if value not in allowed:
            raise ContractError(f"{self.at(key)} is {_shown(value)}; allowed are {', '.join(allowed)}")
        return str(value)

    def number(
        self, key: str, *, lower: float = -math.inf, above: float = -math.inf, upper: float = math.inf
    ) -> float:
        """Return a finite number with `lower` <= number <= `upper` and number > `above`."""
        value = self._value[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ContractError(f"{self.at(key)} is {_shown(value)}; it must be a finite number")
        if value < lower or value <= above or value > upper:
            bound = f"above {above:g}" if above > -math.inf else f"at least {lower:g}"
            bound += f" and at most {upper:g}" if upper < math.inf else ""
            raise ContractError(f"{self.at(key)} is {value:g}; it must be {bound}{_unit_hint(key)}")
        return float(value)

    def optional_number(self, key: str, *, above: float) -> float | None:
        """Return a finite number above `above`, or None where the key is absent or null."""
        return None if self._value.get(key) is None else self.number(key, above=above)

    def whole(self, key: str, *, lower: int) -> int:
        """Return a whole number of at least `lower`."""
        value = self._value[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < lower:
            raise ContractError(
                f"{self.at(key)} is {_shown(value)}; it must be a whole number of at least {lower}"
            )
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false where the key is absent."""
        value = self._value.get(key, False)
        if not isinstance(value, bool):
            raise ContractError(f"{self.at(key)} is {_shown(value)}; it must be true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty where the key is absent."""
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise ContractError(f"{self.at(key)} is {_shown(value)}; it must be a list of texts")
        return tuple(value)

    def items(self, key: str) -> Iterator[tuple[str, Any]]:
        """Yield (place, value) of each entry of a list that must not be empty."""
        value = self._value[key]
        if not isinstance(value, list) or not value:
            raise ContractError(
                f"{self.at(key)} is {_shown(value)}; it must be a list with at least one entry"
            )
        for index, item in enumerate(value):
            yield f"{self.at(key)}[{index}]", item


def _unknown_key(key: str, allowed: tuple[str, ...]) -> str:
    stem = _UNIT_SUFFIX.sub("", key)
    unit_twin = [name for name in allowed if _UNIT_SUFFIX.sub("", name) == stem]
    if unit_twin:
        return f"'{key}' (bad unit: convert the value and write '{unit_twin[0]}')"
    close = difflib.get_close_matches(key, allowed, n=1)
    return f"'{key}'" + (f" (did you mean '{close[0]}'?)" if close else "")


def _unit_hint(key: str) -> str:
    return " (angles are in rad, not in degrees)" if "_rad" in key else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
