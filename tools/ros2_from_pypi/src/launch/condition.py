"""The base of all conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ._subset import Checked

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Condition(Checked):
    """Decides, in a context, whether an action is executed."""

    def __init__(self, *, predicate: Callable[[LaunchContext], bool] | None = None) -> None:
        self._predicate = predicate
        self._last_result: bool | None = None

    def evaluate(self, context: LaunchContext) -> bool:
        """Return whether the condition holds; without a predicate it always does."""
        self._last_result = True if self._predicate is None else self._predicate(context)
        return self._last_result
