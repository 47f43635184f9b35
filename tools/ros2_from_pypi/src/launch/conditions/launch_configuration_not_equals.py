"""Only with another launch configuration."""

from __future__ import annotations

from ..launch_context import LaunchContext
from .launch_configuration_equals import LaunchConfigurationEquals


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """The opposite of `LaunchConfigurationEquals`."""

    def _equals(self, context: LaunchContext) -> bool:
        return not super()._equals(context)
