"""Whether two texts mean something different."""

from __future__ import annotations

from ..launch_context import LaunchContext
from .equals_substitution import EqualsSubstitution


class NotEqualsSubstitution(EqualsSubstitution):
    """The opposite of `EqualsSubstitution`."""

    def perform(self, context: LaunchContext) -> str:
        """Return `true` or `false`."""
        return str(not self._holds(context)).lower()
