"""The only place that writes to the terminal."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def echo(text: object = "", *, end: str = "\n", err: bool = False) -> None:
    """Write `text` to standard output, or to standard error with `err`."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}{end}")
    if err:
        stream.flush()


def warn(text: str) -> None:
    """Write a warning in the form of the originals to standard error."""
    echo(f"WARNING: {text}", err=True)


def use_line_buffering() -> None:
    """Make every finished line visible at once, also through a pipe, as the original does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True)
