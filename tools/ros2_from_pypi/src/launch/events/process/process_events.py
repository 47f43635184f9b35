"""What happened to a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...event import Event

if TYPE_CHECKING:
    from ...action import Action


class RunningProcessEvent(Event):
    """Something happened to a process that runs or ran."""

    name = "launch.events.process.RunningProcessEvent"

    def __init__(
        self,
        *,
        action: Action,
        name: str,
        cmd: list[str],
        cwd: str | None,
        env: dict[str, str] | None,
        pid: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._action = action
        self._process_name = name
        self._cmd = cmd
        self._cwd = cwd
        self._env = env
        self._pid = pid

    @property
    def action(self) -> Action:
        """The action that started the process."""
        return self._action

    @property
    def execute_process_action(self) -> Action:
        """The action that started the process, under its older name."""
        return self._action

    @property
    def process_name(self) -> str:
        """The process's unique name, such as `talker-1`."""
        return self._process_name

    @property
    def cmd(self) -> list[str]:
        """The command line."""
        return self._cmd

    @property
    def cwd(self) -> str | None:
        """The working directory, or None for the launch's own."""
        return self._cwd

    @property
    def env(self) -> dict[str, str] | None:
        """The environment."""
        return self._env

    @property
    def pid(self) -> int:
        """The process id."""
        return self._pid


class ProcessStarted(RunningProcessEvent):
    """A process runs."""

    name = "launch.events.process.ProcessStarted"


class ProcessExited(RunningProcessEvent):
    """A process has ended."""

    name = "launch.events.process.ProcessExited"

    def __init__(self, *, returncode: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._returncode = returncode

    @property
    def returncode(self) -> int:
        """The exit code; the negative signal number when a signal ended it."""
        return self._returncode


class ProcessIO(RunningProcessEvent):
    """Bytes went to or came from a process."""

    name = "launch.events.process.ProcessIO"

    def __init__(self, *, text: bytes, fd: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._text = text
        self._fd = fd

    @property
    def text(self) -> bytes:
        """The bytes."""
        return self._text

    @property
    def from_stdin(self) -> bool:
        """Whether they went to standard input."""
        return self._fd == 0

    @property
    def from_stdout(self) -> bool:
        """Whether they came from standard output."""
        return self._fd == 1

    @property
    def from_stderr(self) -> bool:
        """Whether they came from standard error."""
        return self._fd == 2


class ProcessStdin(ProcessIO):
    """Bytes for the standard input of a process."""

    name = "launch.events.process.ProcessStdin"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=0, **kwargs)


class ProcessStdout(ProcessIO):
    """Bytes from the standard output of a process."""

    name = "launch.events.process.ProcessStdout"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=1, **kwargs)


class ProcessStderr(ProcessIO):
    """Bytes from the standard error of a process."""

    name = "launch.events.process.ProcessStderr"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=2, **kwargs)
