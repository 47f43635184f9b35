"""The base of all substitutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._subset import Checked

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Substitution(Checked):
    """A text whose value is known only while launching."""

    def describe(self) -> str:
        """Return a text that stands for the substitution before it is performed."""
        return repr(self)

    def perform(self, context: LaunchContext) -> str:
        """Return the value in `context`; subclasses must implement it."""
        raise NotImplementedError(f"{type(self).__name__}.perform()")
