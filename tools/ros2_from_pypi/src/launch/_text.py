"""The text substitution, apart from the other substitutions because the utilities need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .substitution import Substitution

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class TextSubstitution(Substitution):
    """A text that is already known."""

    def __init__(self, *, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(
                f"TextSubstitution expected 'text' to be a string but got '{type(text)}' for '{text}'"
            )
        self._text = text

    @property
    def text(self) -> str:
        """The text."""
        return self._text

    def describe(self) -> str:
        """Return the text in quotes."""
        return f"'{self._text}'"

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        del context
        return self._text
