"""What a condition's text means."""

from __future__ import annotations

from collections.abc import Iterable

from ..launch_context import LaunchContext
from ..substitution import Substitution
from ..utilities import perform_substitutions
from .invalid_condition_expression_error import InvalidConditionExpressionError

_MEANING = {"true": True, "1": True, "false": False, "0": False}


def evaluate_condition_expression(context: LaunchContext, expression: Iterable[Substitution]) -> bool:
    """Return whether the performed text is `true` or `1`, in any case.

    Raises:
        InvalidConditionExpressionError: it is none of `true`, `1`, `false` and `0`.
    """
    text = perform_substitutions(context, expression).strip()
    if text.lower() not in _MEANING:
        raise InvalidConditionExpressionError(
            f"invalid condition expression, expected one of '{list(_MEANING)}' (case insensitive) "
            f"but got '{text}'"
        )
    return _MEANING[text.lower()]
