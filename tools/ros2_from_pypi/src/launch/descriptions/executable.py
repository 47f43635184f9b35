"""What is run: command line, environment, working directory and name."""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .._subset import Checked
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..action import Action

    Variables = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]
    NormalizedVariables = list[tuple[list[Substitution], list[Substitution]]]

_numbers = itertools.count(1)


def _normalize_optional(value: SomeSubstitutionsType | None) -> list[Substitution] | None:
    return None if value is None else normalize_to_list_of_substitutions(value)


def _normalize_variables(variables: Variables | None) -> NormalizedVariables | None:
    if variables is None:
        return None
    normalize = normalize_to_list_of_substitutions
    return [(normalize(name), normalize(value)) for name, value in variables.items()]


class Executable(Checked):
    """A command whose substitutions are performed by `prepare`.

    Args:
        cmd: the executable and its arguments.
        prefix: words before the command, by default the launch configuration `launch-prefix`, which
            `launch-prefix-filter` may limit to executables whose file name it matches.
        name: the process's name, by default the executable's file name; a number is added.
        cwd: the working directory.
        env: the whole environment, by default the context's.
        additional_env: variables on top of it.
        arguments: more arguments.
    """

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: Variables | None = None,
        additional_env: Variables | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
    ) -> None:
        self.cmd = [normalize_to_list_of_substitutions(part) for part in [*cmd, *(arguments or [])]]
        self.arguments = arguments
        self.prefix = normalize_to_list_of_substitutions(
            LaunchConfiguration("launch-prefix", default="") if prefix is None else prefix
        )
        self._filter_prefix = prefix is None
        self.name = _normalize_optional(name)
        self.cwd = _normalize_optional(cwd)
        self.env = _normalize_variables(env)
        self.additional_env = _normalize_variables(additional_env)
        self.final_cmd: list[str] | None = None
        self.final_cwd: str | None = None
        self.final_env: dict[str, str] | None = None
        self.final_name: str | None = None

    def _prefix_words(self, context: LaunchContext, executable: str) -> list[str]:
        if self._filter_prefix:
            pattern = str(context.launch_configurations.get("launch-prefix-filter", ""))
            if re.match(pattern, executable) is None:
                return []
        return shlex.split(perform_substitutions(context, self.prefix))

    def _environment(self, context: LaunchContext) -> dict[str, str]:
        values = dict(context.environment) if self.env is None else {}
        for name, value in [*(self.env or []), *(self.additional_env or [])]:
            values[perform_substitutions(context, name)] = perform_substitutions(context, value)
        return values

    def prepare(self, context: LaunchContext, action: Action | None) -> None:
        """Perform all substitutions and choose the unique name."""
        del action
        cmd = [perform_substitutions(context, part) for part in self.cmd]
        cmd = self._prefix_words(context, os.path.basename(cmd[0])) + cmd  # noqa: PTH119
        label = os.path.basename(cmd[0])  # noqa: PTH119
        if self.name is not None:
            label = perform_substitutions(context, self.name)
        self.final_cmd = cmd
        self.final_name = f"{label}-{next(_numbers)}"
        self.final_cwd = None if self.cwd is None else perform_substitutions(context, self.cwd)
        self.final_env = self._environment(context)
