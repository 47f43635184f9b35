"""Turning the bytes that a process writes into lines of the log."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable


class LineOutput:
    """Logs complete lines; an incomplete one waits until it is complete or flushed.

    Args:
        logger: where the lines go.
        line_format: turns a line into what is logged.
        is_cached: whether all text is kept for `text`.
    """

    def __init__(self, logger: logging.Logger, line_format: Callable[[str], str], is_cached: bool) -> None:
        self._logger = logger
        self._line_format = line_format
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._incomplete = ""
        self._cache: list[str] | None = [] if is_cached else None

    @property
    def text(self) -> str:
        """All text so far, where it is cached."""
        return "".join(self._cache or [])

    def feed(self, data: bytes) -> None:
        """Take bytes and log the lines that they complete."""
        text = self._decoder.decode(data)
        if self._cache is not None:
            self._cache.append(text)
        *lines, self._incomplete = (self._incomplete + text).split("\n")
        for line in lines:
            self._log(line)

    def flush(self) -> None:
        """Log what is left as a line of its own."""
        rest = self._incomplete + self._decoder.decode(b"", final=True)
        self._decoder.reset()
        self._incomplete = ""
        if rest:
            self._log(rest)

    def _log(self, line: str) -> None:
        if self._logger.handlers:
            self._logger.info("%s", self._line_format(line.rstrip("\r")))
