"""Settings that make sense, or a sentence that says which do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dexora_core.errors import ConfigError


def refuse_outside(
    record: object, names: Sequence[str], lower: float, upper: float = math.inf, *, is_above: bool = False
) -> None:
    """Refuse numbers of a record that are out of bounds, infinite or none at all.

    Args:
        record: Settings.
        names: Which of them.
        lower: Least value.
        upper: Largest value.
        is_above: Whether the least value itself is refused too.

    Raises:
        ConfigError: Names the first such setting, its value and the bounds.
    """
    for name in names:
        value = getattr(record, name)
        is_low = value <= lower if is_above else value < lower
        if not math.isfinite(value) or is_low or value > upper:
            least = f"{'above' if is_above else 'at least'} {lower:g}"
            raise ConfigError(
                f"{name} is {value}; it must be "
                f"{least if upper == math.inf else f'{least} and at most {upper:g}'}"
            )
