"""Parameters that every dexora node has, whatever else it declares."""

from __future__ import annotations

from dataclasses import dataclass

from .parameter_specs import param


@dataclass(frozen=True)
class BaseParameters:
    """Parameters that every dexora node has."""

    autostart: bool = param(False, description="Configure and activate at start without a lifecycle manager.")
    diagnostics_period_s: float = param(
        1.0, description="Period of /diagnostics.", unit="s", lower=0.1, upper=60.0
    )
