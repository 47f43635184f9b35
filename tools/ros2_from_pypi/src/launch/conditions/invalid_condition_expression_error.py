"""The error of a condition that means neither true nor false."""

from __future__ import annotations


class InvalidConditionExpressionError(ValueError):
    """A condition's text means neither true nor false."""
