"""Running a process and watching over it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from .. import logging as launch_logging
from ..action import Action
from ..conditions.evaluate_condition_expression_impl import evaluate_condition_expression
from ..descriptions import Executable
from ..event import Event
from ..event_handler import BaseEventHandler
from ..event_handlers import OnProcessExit
from ..events import Shutdown
from ..events.process import ProcessStdin, ShutdownProcess, SignalProcess
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from ._line_output import LineOutput
from ._process_runner import ProcessRunner, RunSettings
from ._shutdown_ladder import ShutdownLadder

_SIGTERM_TIMEOUT = LaunchConfiguration("sigterm_timeout", default=5)
_SIGKILL_TIMEOUT = LaunchConfiguration("sigkill_timeout", default=5)


class _Reaction(BaseEventHandler):
    """Calls a function for every event of a class."""

    def __init__(self, event_class: type[Event], reaction: Callable[[Any], None]) -> None:
        super().__init__(matcher=lambda event: isinstance(event, event_class))
        self._reaction = reaction

    def handle(self, event: Event, context: LaunchContext) -> None:
        """Call the function."""
        super().handle(event, context)
        self._reaction(event)


class ExecuteLocal(Action):
    """Runs an executable; see the README for what each argument does.

    Args:
        process_description: what is run.
        shell: whether a shell runs the command line.
        sigterm_timeout: seconds from SIGINT to SIGTERM when the process must end.
        sigkill_timeout: seconds from SIGTERM to SIGKILL.
        emulate_tty: whether the process is to take its output for a terminal.
        output: where its output goes: `screen`, `log`, `both`, `own_log`, `full` or a mapping.
        output_format: a line of output, with `{line}` and `{this}`.
        cached_output: whether `get_stdout()` and `get_stderr()` work.
        log_cmd: whether the command line is logged.
        on_exit: entities, or a function of event and context, for the end of the process.
        respawn: whether it is started again when it has ended.
        respawn_delay: seconds to wait before.
        respawn_max_retries: how often, negative for ever.
        kwargs: arguments of `Action`.
    """

    def __init__(
        self,
        *,
        process_description: Executable,
        shell: bool = False,
        sigterm_timeout: SomeSubstitutionsType = _SIGTERM_TIMEOUT,
        sigkill_timeout: SomeSubstitutionsType = _SIGKILL_TIMEOUT,
        emulate_tty: bool = False,
        output: SomeSubstitutionsType | dict[str, Any] = "log",
        output_format: str = "[{this.process_description.final_name}] {line}",
        cached_output: bool = False,
        log_cmd: bool = False,
        on_exit: Any = None,
        respawn: bool | SomeSubstitutionsType = False,
        respawn_delay: float | None = None,
        respawn_max_retries: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._description = process_description
        self._shell = shell
        self._sigterm_timeout = normalize_to_list_of_substitutions(sigterm_timeout)
        self._sigkill_timeout = normalize_to_list_of_substitutions(sigkill_timeout)
        self._emulate_tty = emulate_tty
        chosen = os.environ.get("OVERRIDE_LAUNCH_PROCESS_OUTPUT", output)
        self._output = chosen if isinstance(chosen, dict) else normalize_to_list_of_substitutions(chosen)
        self._output_format = output_format
        self._cached_output = cached_output
        self._log_cmd = log_cmd
        self._on_exit = on_exit
        self._respawn = normalize_typed_substitution(respawn, bool)
        self._respawn_delay_s = respawn_delay
        self._respawn_max_retries = respawn_max_retries
        self._details: dict[str, Any] | None = None
        self._outputs: dict[int, LineOutput] = {}
        self._runner: ProcessRunner | None = None

    @property
    def process_description(self) -> Executable:
        """What is run."""
        return self._description

    @property
    def shell(self) -> bool:
        """Whether a shell runs the command line."""
        return self._shell

    @property
    def emulate_tty(self) -> bool:
        """Whether the process is to take its output for a terminal."""
        return self._emulate_tty

    @property
    def output(self) -> dict[str, Any] | list[Substitution]:
        """Where its output goes."""
        return self._output

    @property
    def process_details(self) -> dict[str, Any] | None:
        """Name, command line, working directory, environment and process id, or None before."""
        return self._details

    @property
    def return_code(self) -> int | None:
        """The exit code, or None while there is none."""
        child = None if self._runner is None else self._runner.child
        return None if child is None else child.returncode

    def _cached_text(self, fd: int, stream: str) -> str:
        if not self._cached_output:
            raise RuntimeError(
                f"cached output must be true to be able to get {stream}, "
                f"proc '{self._description.final_name}'"
            )
        return self._outputs[fd].text if fd in self._outputs else ""

    def get_stdout(self) -> str:
        """Return the whole standard output.

        Raises:
            RuntimeError: `cached_output` is false.
        """
        return self._cached_text(1, "stdout")

    def get_stderr(self) -> str:
        """Return the whole standard error.

        Raises:
            RuntimeError: `cached_output` is false.
        """
        return self._cached_text(2, "stderr")

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities for the end of the process."""
        return self._on_exit if isinstance(self._on_exit, list) else []

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the process has ended for good."""
        return None if self._runner is None else self._runner.completed

    def kill(self) -> None:
        """End the process at once."""
        if self._runner is not None:
            self._runner.kill()

    def prepare(self, context: LaunchContext) -> None:
        """Perform all substitutions."""
        self._description.prepare(context, self)
        self._details = {
            "action": self,
            "name": self._description.final_name,
            "cmd": self._description.final_cmd,
            "cwd": self._description.final_cwd,
            "env": self._description.final_env,
        }

    def _make_outputs(self, context: LaunchContext, name: str) -> dict[int, LineOutput]:
        output = (
            self._output if isinstance(self._output, dict) else perform_substitutions(context, self._output)
        )
        loggers = launch_logging.get_output_loggers(name, output)
        return {
            fd: LineOutput(logger, self._format_line, self._cached_output)
            for fd, logger in zip((1, 2), loggers, strict=True)
        }

    def _format_line(self, line: str) -> str:
        return self._output_format.format(line=line, this=self)

    def _make_settings(self, context: LaunchContext) -> RunSettings:
        is_tty = self._emulate_tty
        if "emulate_tty" in context.launch_configurations:
            value = normalize_to_list_of_substitutions(context.launch_configurations["emulate_tty"])
            is_tty = evaluate_condition_expression(context, value)
        return RunSettings(
            is_shell=self._shell,
            is_tty=is_tty,
            logs_cmd=self._log_cmd,
            respawns=perform_typed_substitution(context, self._respawn, bool),
            respawn_delay_s=self._respawn_delay_s or 0.0,
            max_respawns=self._respawn_max_retries,
        )

    def _register_event_handlers(self, context: LaunchContext, runner: ProcessRunner) -> None:
        reactions: list[tuple[type[Event], Any]] = [
            (Shutdown, runner.on_shutdown),
            (ShutdownProcess, runner.on_shutdown_process),
            (SignalProcess, runner.on_signal_process),
            (ProcessStdin, runner.on_stdin),
        ]
        for event_class, reaction in reactions:
            context.register_event_handler(_Reaction(event_class, reaction))
        if self._on_exit is not None:
            context.register_event_handler(OnProcessExit(target_action=self, on_exit=self._on_exit))

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the process and watch over it.

        Raises:
            RuntimeError: the action was executed before.
        """
        self.prepare(context)
        name = str(self._description.final_name)
        if self._runner is not None:
            raise RuntimeError(f"ExecuteLocal action '{name}': executed more than once: {self.describe()}")
        if context.is_shutdown:
            return None
        logger = launch_logging.get_logger(name)
        self._outputs = self._make_outputs(context, name)
        timeouts = (self._sigterm_timeout, self._sigkill_timeout)
        ladder = ShutdownLadder(logger, name, *(perform_substitutions(context, t) for t in timeouts))
        assert self._details is not None
        self._runner = ProcessRunner(
            context=context,
            details=self._details,
            settings=self._make_settings(context),
            logger=logger,
            outputs=self._outputs,
            ladder=ladder,
        )
        self._register_event_handlers(context, self._runner)
        self._runner.start()
        return None
