"""Errors of the simulation; all of them are `DexoraError`s."""

from __future__ import annotations

from dexora_core.errors import DexoraError


class SimulationError(DexoraError):
    """The twin, a scene or a task cannot be built or run as asked."""


class RenderError(SimulationError):
    """Pictures cannot be rendered; the message says what to install or to set."""
