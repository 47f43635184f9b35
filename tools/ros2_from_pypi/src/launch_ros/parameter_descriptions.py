"""Parameters whose type is stated, and files of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch._subset import Checked, OutsideSubsetError, module_getattr
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import normalize_typed_substitution, perform_typed_substitution

__getattr__ = module_getattr(__name__)


class ParameterValue(Checked):
    """A parameter's value.

    Args:
        value: the value, or substitutions that give it.
        value_type: what the performed text is turned into: `int`, `float`, `bool`, `str` or a `List` of
            one of them; None means YAML's rules.

    Raises:
        TypeError: the value can never be of that type.
    """

    def __init__(self, value: Any, *, value_type: Any = None) -> None:
        self._value = normalize_typed_substitution(value, value_type)
        self._value_type = value_type

    @property
    def value(self) -> Any:
        """The value as it was given."""
        return self._value

    @property
    def value_type(self) -> Any:
        """The type, or None for YAML's rules."""
        return self._value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value.

        Raises:
            ValueError: the performed text is no value of the type.
        """
        return perform_typed_substitution(context, self._value, self._value_type)


class Parameter(Checked):
    """A parameter with name and value, handed over as `-p name:=value`."""

    def __init__(self, name: SomeSubstitutionsType, value: Any, *, value_type: Any = None) -> None:
        self._name = normalize_to_list_of_substitutions(name)
        self._value = ParameterValue(value, value_type=value_type)

    def evaluate(self, context: LaunchContext) -> tuple[str, Any]:
        """Return name and value."""
        return perform_substitutions(context, self._name), self._value.evaluate(context)


class ParameterFile(Checked):
    """A YAML file of parameters.

    Args:
        param_file: the file's path.
        allow_substs: must be False; substitutions inside the file are outside the subset.

    Raises:
        OutsideSubsetError: `allow_substs` is not False.
    """

    def __init__(
        self,
        param_file: Path | SomeSubstitutionsType,
        *,
        allow_substs: bool | SomeSubstitutionsType = False,
    ) -> None:
        if allow_substs is not False:
            raise OutsideSubsetError("launch_ros.parameter_descriptions.ParameterFile(allow_substs=...)")
        self._param_file = normalize_to_list_of_substitutions(param_file)
        self._evaluated: Path | None = None

    @property
    def param_file(self) -> Any:
        """The file's path, performed once `evaluate` has been called."""
        return self._evaluated or self._param_file

    def evaluate(self, context: LaunchContext) -> Path:
        """Return the file's path."""
        self._evaluated = Path(perform_substitutions(context, self._param_file))
        return self._evaluated
