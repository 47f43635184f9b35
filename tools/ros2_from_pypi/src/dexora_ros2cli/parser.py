"""argparse, with errors that say when something exists only in an installed ROS 2."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from dexora_ros2cli.errors import outside_subset

HINT = (
    "This `ros2` is the subset that dexora carries for machines without ROS 2; "
    "what it does not list needs an installed ROS 2."
)


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose complaints about unknown words name the subset. Exit code 2, as argparse."""

    def error(self, message: str) -> NoReturn:
        """Print usage and the complaint, and exit with 2."""
        if "invalid choice" in message or "unrecognized arguments" in message:
            message = f"{message}\n{HINT}"
        super().error(message)


class _Refuse(argparse.Action):
    """Refuses an option of the original that the subset does not have."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> NoReturn:
        parser.error(outside_subset(f"option {option_string}"))


def refuse_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Make every one of `names` an option that ends with an error which names it."""
    for name in names:
        parser.add_argument(name, action=_Refuse, nargs="*", help=argparse.SUPPRESS)


def positive_float(text: str) -> float:
    """Return the number in `text`, which must be greater than zero."""
    value = float(text)
    if not value > 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not greater than zero")
    return value


def non_negative_float(text: str) -> float:
    """Return the number in `text`, which must not be negative."""
    value = float(text)
    if not value >= 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is negative")
    return value


def positive_int(text: str) -> int:
    """Return the whole number in `text`, which must be greater than zero."""
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("value must be a positive integer")
    return value


def non_negative_int(text: str) -> int:
    """Return the whole number in `text`, which must not be negative."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("value must be non-negative integer")
    return value
