"""One run of a process: starting it, reading what it writes, signalling it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from collections.abc import Callable, Sequence
from typing import Any, cast

_DRAIN_S = 0.5


class _Protocol(asyncio.SubprocessProtocol):
    """Hands on the output and knows when the process has ended and its pipes are closed."""

    def __init__(
        self,
        on_start: Callable[[int], None],
        on_output: Callable[[int, bytes], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._on_start = on_start
        self._on_output = on_output
        self._is_started = False
        self._early_output: list[tuple[int, bytes]] = []
        self._open = {1, 2}
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._is_started = True
        self._on_start(cast(asyncio.SubprocessTransport, transport).get_pid())
        for fd, data in self._early_output:
            self._on_output(fd, data)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._is_started:
            self._on_output(fd, data)
        else:  # a terminal may be read before the start is known
            self._early_output.append((fd, data))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        del exc
        self._open.discard(fd)
        if not self._open and not self.drained.done():
            self.drained.set_result(None)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)


class _TerminalReader(asyncio.Protocol):
    """Hands on what comes out of a pseudo-terminal as if it came out of a pipe."""

    def __init__(self, fd: int, protocol: _Protocol) -> None:
        self._fd = fd
        self._protocol = protocol

    def data_received(self, data: bytes) -> None:
        self._protocol.pipe_data_received(self._fd, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.pipe_connection_lost(self._fd, exc)


class ChildProcess:
    """A process that runs or has run."""

    def __init__(
        self,
        transport: asyncio.SubprocessTransport,
        protocol: _Protocol,
        terminals: Sequence[asyncio.ReadTransport] = (),
    ) -> None:
        self._transport = transport
        self._protocol = protocol
        self._terminals = terminals

    @property
    def pid(self) -> int:
        """The process id."""
        return self._transport.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit code, the negative number of the signal that ended it, or None while it runs."""
        return self._transport.get_returncode()

    async def wait(self) -> int:
        """Wait for the end, and a moment for the last output; return the exit code."""
        await asyncio.shield(self._protocol.exited)
        # A grandchild may keep the pipes open for long: its output must not delay the news of the exit.
        await asyncio.wait([self._protocol.drained], timeout=_DRAIN_S)
        return cast(int, self.returncode)

    async def ends_within(self, timeout_s: float) -> bool:
        """Return whether the process ends within a time."""
        done, _ = await asyncio.wait([self._protocol.exited], timeout=timeout_s)
        return bool(done)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; does nothing where the process has ended."""
        if self.returncode is None and not self._protocol.exited.done():
            try:
                self._transport.send_signal(number)
            except ProcessLookupError:
                return

    def write_stdin(self, data: bytes) -> None:
        """Write to the standard input."""
        pipe = cast(asyncio.WriteTransport | None, self._transport.get_pipe_transport(0))
        if pipe is not None:
            pipe.write(data)

    def close(self) -> None:
        """Close the pipes; a process that still runs is killed."""
        for terminal in self._terminals:
            terminal.close()
        self._transport.close()


async def _spawn(
    protocol: _Protocol, cmd: Sequence[str], is_shell: bool, options: dict[str, Any]
) -> asyncio.SubprocessTransport:
    loop = asyncio.get_running_loop()
    if is_shell:
        transport, _ = await loop.subprocess_shell(lambda: protocol, " ".join(cmd), **options)
    else:
        transport, _ = await loop.subprocess_exec(lambda: protocol, *cmd, **options)
    return transport


async def _spawn_in_terminal(
    protocol: _Protocol, cmd: Sequence[str], is_shell: bool, options: dict[str, Any]
) -> ChildProcess:
    """Start a process that takes standard output and standard error for terminals."""
    loop = asyncio.get_running_loop()
    out_master, out_slave = pty.openpty()
    err_master, err_slave = pty.openpty()
    terminals = []
    try:
        for fd, master in ((1, out_master), (2, err_master)):
            terminal, _ = await loop.connect_read_pipe(
                lambda fd=fd: _TerminalReader(fd, protocol),  # type: ignore[misc]
                os.fdopen(master, "rb", buffering=0),
            )
            terminals.append(terminal)
        transport = await _spawn(
            protocol, cmd, is_shell, {**options, "stdout": out_slave, "stderr": err_slave}
        )
    except OSError:
        for terminal in terminals:
            terminal.close()
        raise
    finally:
        os.close(out_slave)
        os.close(err_slave)
    return ChildProcess(transport, protocol, terminals)


async def start_process(
    cmd: Sequence[str],
    *,
    cwd: str | None,
    env: dict[str, str] | None,
    is_shell: bool,
    is_tty: bool,
    on_start: Callable[[int], None],
    on_output: Callable[[int, bytes], None],
) -> ChildProcess:
    """Start a process.

    Args:
        cmd: the command line.
        cwd: the working directory, or None for this process's own.
        env: the environment, or None for this process's own.
        is_shell: whether a shell runs the command line.
        is_tty: whether its output goes to pseudo-terminals instead of pipes.
        on_start: called with the process id, before any output.
        on_output: called with 1 (standard output) or 2 (standard error) and bytes.

    Raises:
        OSError: it cannot be started.
    """
    protocol = _Protocol(on_start, on_output, asyncio.get_running_loop())
    options: dict[str, Any] = {"cwd": cwd, "env": env}
    if is_tty:
        return await _spawn_in_terminal(protocol, cmd, is_shell, options)
    return ChildProcess(await _spawn(protocol, cmd, is_shell, options), protocol)
