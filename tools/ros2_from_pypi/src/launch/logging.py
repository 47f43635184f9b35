"""The log of a launch: to the screen, to `launch.log`, and to files of single processes."""

from __future__ import annotations

import logging
import logging.handlers
import os
import socket
import sys
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ._subset import module_getattr

__getattr__ = module_getattr(__name__)

_LINE = "[{levelname}] [{name}]: {message}"
_ALIASES: dict[str, dict[str, set[str]]] = {
    "screen": {"both": {"screen"}},
    "log": {"both": {"log"}, "stderr": {"screen"}},
    "both": {"both": {"log", "screen"}},
    "own_log": {"both": {"own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
    "full": {"both": {"screen", "log", "own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
}


class _ScreenHandler(logging.StreamHandler):
    """Writes to whatever `sys.stdout` is at that moment; what it cannot encode becomes `?`."""

    def __init__(self, line_format: str) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(logging.Formatter(line_format, style="{"))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, made of characters that the screen can show."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        return super().format(record).encode(encoding, "replace").decode(encoding)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line and flush."""
        self.stream = sys.stdout
        super().emit(record)


def _log_root() -> Path:
    directory = os.environ.get("ROS_LOG_DIR")
    if directory:
        return Path(directory).expanduser()
    return Path(os.environ.get("ROS_HOME") or "~/.ros").expanduser() / "log"


def _link_latest(log_dir: Path) -> None:
    latest = log_dir.parent / "latest"
    try:
        if latest.is_symlink():
            latest.unlink()
        latest.symlink_to(log_dir, target_is_directory=True)
    except OSError as error:
        warnings.warn(f"Cannot create a symlink to latest log directory: {error}", stacklevel=2)


class LaunchConfig:
    """Where the log goes and how verbose it is."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the log directory and the open files."""
        self._log_dir: str | None = None
        self._handlers: dict[tuple[str, str], logging.Handler] = {}
        self.level = logging.INFO

    @property
    def level(self) -> int:
        """The level below which nothing is logged."""
        return logging.root.getEffectiveLevel()

    @level.setter
    def level(self, new_level: int | str) -> None:
        logging.root.setLevel(new_level)

    @property
    def log_dir(self) -> str:
        """The log directory of this launch, made the first time it is asked for."""
        if self._log_dir is None:
            stamp = datetime.now().strftime("%Y-%m-%d-%H-%M-%S-%f")
            path = _log_root() / f"{stamp}-{socket.gethostname()}-{os.getpid()}"
            path.mkdir(parents=True)
            self._log_dir = str(path)
            _link_latest(path)
        return self._log_dir

    @log_dir.setter
    def log_dir(self, new_log_dir: str | None) -> None:
        if new_log_dir is not None and not Path(new_log_dir).is_dir():
            raise ValueError(f"{new_log_dir} is not a directory")
        self._log_dir = new_log_dir

    def get_log_file_path(self, file_name: str = "launch.log") -> str:
        """Return the path of a file in the log directory."""
        return str(Path(self.log_dir) / file_name)

    def _screen(self, line_format: str) -> logging.Handler:
        key = ("screen", line_format)
        if key not in self._handlers:
            self._handlers[key] = _ScreenHandler(line_format)
        return self._handlers[key]

    def _file(self, file_name: str, line_format: str) -> logging.Handler:
        key = (file_name, line_format)
        if key not in self._handlers:
            path = self.get_log_file_path(file_name)
            self._handlers[key] = logging.handlers.WatchedFileHandler(path, encoding="utf-8")
            self._handlers[key].setFormatter(logging.Formatter(line_format, style="{"))
        return self._handlers[key]


launch_config = LaunchConfig()


def _configure(name: str | None, handlers: list[logging.Handler]) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.propagate = False
    if logger.handlers != handlers:
        logger.handlers[:] = handlers
    return logger


def get_logger(name: str | None = None) -> logging.Logger:
    """Return a logger that writes to the screen and to `launch.log`."""
    line = os.environ.get("OVERRIDE_LAUNCH_SCREEN_FORMAT", "")
    aliases = {"": _LINE, "default": _LINE, "default_with_timestamp": "{created:.7f} " + _LINE}
    screen = launch_config._screen(aliases.get(line, line.replace("{msg}", "{message}")))
    return _configure(name, [screen, launch_config._file("launch.log", "{created:.7f} " + _LINE)])


def log_launch_config(*, logger: logging.Logger = logging.root) -> None:
    """Log where the log files are and how verbose they are."""
    logger.info("All log files can be found below %s", launch_config.log_dir)
    logger.info("Default logging verbosity is set to %s", logging.getLevelName(launch_config.level))


def _destinations(config: str | Mapping[str, Any]) -> dict[str, set[str]]:
    chosen: dict[str, set[str]] = {"both": set(), "stdout": set(), "stderr": set()}
    if isinstance(config, str):
        if config not in _ALIASES:
            raise ValueError(f'{config} is not a valid standard output config i.e. "screen", "log" or "both"')
        return {**chosen, **_ALIASES[config]}
    if not isinstance(config, Mapping):
        raise ValueError(f"{config} is not a valid output configuration")
    for source, targets in config.items():
        if source not in chosen:
            raise ValueError(f'{source} is not a valid output source i.e. "stdout", "stderr" or "both"')
        chosen[source] = {targets} if isinstance(targets, str) else set(targets)
        for target in sorted(chosen[source] - {"screen", "log", "own_log"}):
            raise ValueError(f'{target} is not a valid output destination i.e. "screen", "log" or "own_log"')
    return chosen


def get_output_loggers(
    process_name: str, output_config: str | Mapping[str, Any]
) -> tuple[logging.Logger, logging.Logger]:
    """Return the loggers for standard output and standard error of a process.

    Args:
        process_name: the process's unique name.
        output_config: `screen`, `log`, `both`, `own_log` or `full`, or a mapping from `stdout`, `stderr`
            and `both` to one or several of `screen`, `log` and `own_log`.

    Raises:
        ValueError: it is something else; the text names the valid values.
    """
    chosen = _destinations(output_config)
    loggers = []
    for source in ("stdout", "stderr"):
        targets = chosen["both"] | chosen[source]
        handlers = []
        if "screen" in targets:
            handlers.append(launch_config._screen("{message}"))
        if "log" in targets:
            handlers.append(launch_config._file("launch.log", "{created:.7f} {message}"))
        if "own_log" in chosen[source]:
            handlers.append(launch_config._file(f"{process_name}-{source}.log", "{message}"))
        if "own_log" in chosen["both"]:
            handlers.append(launch_config._file(f"{process_name}.log", "{message}"))
        loggers.append(_configure(f"{process_name}-{source}", handlers))
    return loggers[0], loggers[1]


def reset() -> None:
    """Forget the log directory and the open files."""
    launch_config.reset()
