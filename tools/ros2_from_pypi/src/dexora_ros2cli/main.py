"""`ros2 <command> <verb>`: find the verb, parse its arguments, run it, and turn the end into an exit code.

Exit codes are those of the originals: 0 done, 1 with a sentence on standard error when it cannot be done,
2 for arguments that are not understood and after Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Protocol

from dexora_ros2cli.errors import CliError
from dexora_ros2cli.output import echo, use_line_buffering
from dexora_ros2cli.parser import CommandParser
from dexora_ros2cli.registry import COMMAND_SUMMARIES, PLAIN, VERBS, Entry


class Verb(Protocol):
    """What a verb's class offers."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on `parser`."""

    @staticmethod
    def main(args: argparse.Namespace) -> int | None:
        """Run and return the exit code; None is 0."""


def load_verb(entry: Entry) -> Verb:
    """Import the class of a verb."""
    module, _, name = entry.target.partition(":")
    verb: Verb = getattr(importlib.import_module(f"dexora_ros2cli.verbs.{module}"), name)
    return verb


def _words(argv: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the first two arguments that are not options: the command and the verb."""
    words = [word for word in argv if not word.startswith("-")][:2]
    return (words[0] if words else None), (words[1] if len(words) > 1 else None)


def _add_verbs(parser: argparse.ArgumentParser, command: str, verb: str | None) -> None:
    """Declare the verbs of `command`; the arguments only of the one that will run."""
    parsers = parser.add_subparsers(
        title="Verbs", metavar=f"Call `ros2 {command} <verb> -h` for more detailed usage."
    )
    for name, entry in VERBS[command].items():
        child = parsers.add_parser(name, help=entry.summary, description=entry.summary)
        if name == verb:
            loaded = load_verb(entry)
            loaded.add_arguments(child)
            child.set_defaults(_main=loaded.main)
    parser.set_defaults(_main=None, _parser=parser)


def build_parser(argv: Sequence[str]) -> CommandParser:
    """Build the parser for `argv`: complete for the verb that it asks for, names and help for all others."""
    root = CommandParser(prog="ros2", description="ros2 is an extensible command-line tool for ROS 2.")
    root.add_argument(
        "--use-python-default-buffering",
        action="store_true",
        help="Do not force line buffering in stdout",
    )
    root.set_defaults(_main=None, _parser=root)
    commands = root.add_subparsers(
        title="Commands", metavar="Call `ros2 <command> -h` for more detailed usage."
    )
    command, verb = _words(argv)
    for name, summary in COMMAND_SUMMARIES.items():
        child = commands.add_parser(name, help=summary, description=summary)
        if name != command:
            continue
        if name in PLAIN:
            loaded = load_verb(PLAIN[name])
            loaded.add_arguments(child)
            child.set_defaults(_main=loaded.main)
        else:
            _add_verbs(child, name, verb)
    return root


def _run(args: argparse.Namespace) -> int:
    try:
        return args._main(args) or 0
    except (CliError, RuntimeError) as error:  # the middleware reports what it cannot do as RuntimeError
        echo(error, err=True)
        return 1
    except KeyboardInterrupt:
        return int(signal.SIGINT)
    except BrokenPipeError:
        # The reader has gone (`ros2 topic list | head -1`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `ros2` command with `argv` (default: the process's) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser(words).parse_args(words)
    if not args.use_python_default_buffering:
        use_line_buffering()
    if args._main is None:
        args._parser.print_help()
        return 0
    return _run(args)
