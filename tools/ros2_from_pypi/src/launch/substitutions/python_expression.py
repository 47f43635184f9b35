"""The value of a Python expression."""

from __future__ import annotations

import importlib
from typing import Any

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class PythonExpression(Substitution):
    """Evaluates an expression; `python_modules` are at hand in it, those of `math` without prefix."""

    def __init__(
        self, expression: SomeSubstitutionsType, python_modules: SomeSubstitutionsType = ("math",)
    ) -> None:
        self._expression = normalize_to_list_of_substitutions(expression)
        self._python_modules = normalize_to_list_of_substitutions(python_modules)

    @property
    def expression(self) -> list[Substitution]:
        """The expression."""
        return self._expression

    @property
    def python_modules(self) -> list[Substitution]:
        """The modules that the expression may use."""
        return self._python_modules

    def describe(self) -> str:
        """Return expression and modules."""
        expression = " + ".join(sub.describe() for sub in self._expression)
        modules = ", ".join(sub.describe() for sub in self._python_modules)
        return f"PythonExpr({expression}, [{modules}])"

    def perform(self, context: LaunchContext) -> str:
        """Return the value as a text."""
        names: dict[str, Any] = {}
        for substitution in self._python_modules:
            module = importlib.import_module(context.perform_substitution(substitution))
            if module.__name__ == "math":
                names.update(vars(module))
            names[module.__name__] = module
        # A launch file is a program already: its expressions are as trusted as itself.
        return str(eval(perform_substitutions(context, self._expression), {}, names))  # noqa: S307
