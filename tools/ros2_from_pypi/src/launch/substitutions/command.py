"""The output of a command."""

from __future__ import annotations

import shlex
import subprocess

from .. import logging as launch_logging
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure

_ON_STDERR = ("fail", "ignore", "warn", "capture")


class Command(Substitution):
    """What a command writes to its standard output.

    Args:
        command: the command line, split as a shell would.
        on_stderr: what to do when it writes to standard error: `fail`, `ignore`, `warn` or `capture`.
    """

    def __init__(self, command: SomeSubstitutionsType, *, on_stderr: SomeSubstitutionsType = "fail") -> None:
        self._command = normalize_to_list_of_substitutions(command)
        self._on_stderr = normalize_to_list_of_substitutions(on_stderr)

    @property
    def command(self) -> list[Substitution]:
        """The command line."""
        return self._command

    @property
    def on_stderr(self) -> list[Substitution]:
        """What to do when it writes to standard error."""
        return self._on_stderr

    def describe(self) -> str:
        """Return the command line."""
        return f"Command({' + '.join(sub.describe() for sub in self._command)})"

    def perform(self, context: LaunchContext) -> str:
        """Run the command and return its output.

        Raises:
            SubstitutionFailure: it is not found, fails, or writes to standard error when that may not be.
        """
        line = perform_substitutions(context, self._command)
        on_stderr = perform_substitutions(context, self._on_stderr)
        if on_stderr not in _ON_STDERR:
            raise SubstitutionFailure(
                "expected 'on_stderr' to be one of: 'fail', 'ignore', 'warn' or 'capture'"
            )
        result = _run(line, subprocess.STDOUT if on_stderr == "capture" else subprocess.PIPE)
        if result.returncode != 0:
            captured = f"\nCaptured stderr output: {result.stderr}" if result.stderr else ""
            raise SubstitutionFailure(f"executed command failed. Command: {line}{captured}")
        if result.stderr and on_stderr in ("fail", "warn"):
            message = (
                f"executed command showed stderr output. Command: {line}\n"
                f"Captured stderr output:\n{result.stderr}"
            )
            if on_stderr == "fail":
                raise SubstitutionFailure(message)
            launch_logging.get_logger("launch").warning(message)
        return str(result.stdout)


def _run(line: str, stderr: int) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            shlex.split(line), stdout=subprocess.PIPE, stderr=stderr, text=True, check=False
        )
    except FileNotFoundError as error:
        raise SubstitutionFailure(f"file not found: {error}") from error
