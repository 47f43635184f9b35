"""Options of an engine, read strictly: an unknown one is refused with what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal


def read_options(engine: str, given: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults with what was given.

    Raises:
        EngineError: `DX-ENG-002`: an option that the engine does not have.
    """
    unknown = sorted(set(given or {}) - set(defaults))
    if unknown:
        detail = f"it has no option {', '.join(unknown)}; options are {', '.join(defaults)}"
        raise refusal(EngineError, "DX-ENG-002", engine, detail=detail)
    return {**defaults, **(given or {})}
