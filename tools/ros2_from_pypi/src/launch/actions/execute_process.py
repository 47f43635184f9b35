"""Running a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..descriptions import Executable
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from .execute_local import ExecuteLocal

_Variables = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]


class ExecuteProcess(ExecuteLocal):
    """Runs a command.

    Args:
        cmd: the executable and its arguments.
        prefix: words before the command.
        name: the process's name, by default the executable's file name; a number is added.
        cwd: the working directory.
        env: the whole environment, by default the context's.
        additional_env: variables on top of it.
        kwargs: arguments of `ExecuteLocal`.
    """

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: _Variables | None = None,
        additional_env: _Variables | None = None,
        **kwargs: Any,
    ) -> None:
        executable = Executable(
            cmd=cmd, prefix=prefix, name=name, cwd=cwd, env=env, additional_env=additional_env
        )
        super().__init__(process_description=executable, **kwargs)

    @property
    def name(self) -> str | list[Substitution] | None:
        """The unique name once the action is executed, before that the name that was given."""
        return self._description.final_name or self._description.name

    @property
    def cmd(self) -> list[str] | list[list[Substitution]]:
        """The command line, with its substitutions performed once the action is executed."""
        return self._description.final_cmd or self._description.cmd

    @property
    def cwd(self) -> str | list[Substitution] | None:
        """The working directory."""
        return self._description.final_cwd or self._description.cwd

    @property
    def env(self) -> Any:
        """The environment."""
        return self._description.final_env or self._description.env

    @property
    def additional_env(self) -> Any:
        """The variables on top of the environment."""
        return self._description.additional_env
