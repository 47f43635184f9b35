"""Only if not."""

from __future__ import annotations

from ..condition import Condition
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions
from .evaluate_condition_expression_impl import evaluate_condition_expression


class UnlessCondition(Condition):
    """Holds where the text means false."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        self._expression = normalize_to_list_of_substitutions(predicate_expression)
        super().__init__(
            predicate=lambda context: not evaluate_condition_expression(context, self._expression)
        )

    def describe(self) -> str:
        """Return what is evaluated."""
        return f"UnlessCondition({' + '.join(sub.describe() for sub in self._expression)})"
