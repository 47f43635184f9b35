"""The text substitution under the original's module name."""

from .._text import TextSubstitution

__all__ = ["TextSubstitution"]
