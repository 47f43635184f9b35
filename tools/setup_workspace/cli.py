"""The command: brings the checkout up to date step by step, and ends in one sentence when it cannot."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from setup_workspace import preflight
from setup_workspace.console import Console
from setup_workspace.errors import Interrupted, SetupError
from setup_workspace.lock import one_at_a_time
from setup_workspace.paths import this_workspace
from setup_workspace.python_packages import ENVIRONMENTS
from setup_workspace.steps import SetUp
from setup_workspace.virtual_environment import this_interpreter


def main(arguments: Sequence[str]) -> int:
    """Set the checkout up and return the exit status: 0 ready, 1 cannot, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="setup_workspace", description=__doc__)
    parser.add_argument(
        "--for", dest="environment", choices=ENVIRONMENTS, default="development",
        help="how much to install; each contains the ones before it (default: development)",
    )  # fmt: skip
    chosen = parser.parse_args(arguments)
    console = Console(sys.stderr)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        _set_up(chosen.environment, console)
    except SetupError as error:
        console.say(str(error))
        return 1
    except (Interrupted, KeyboardInterrupt):
        console.say("stopped; start again to go on where it was.")
        return 130
    return 0


def _set_up(environment: str, console: Console) -> None:
    workspace = this_workspace()
    machine = preflight.Machine(
        platform.system(), platform.machine(), platform.libc_ver(), platform.python_implementation()
    )
    preflight.check_machine(machine)
    preflight.check_environment(workspace, os.environ)
    preflight.check_path(workspace)
    preflight.check_writable(workspace)
    with one_at_a_time(workspace.state / "lock", console.say):
        work = SetUp(workspace, this_interpreter(), os.environ, console).run(environment)
    if work:
        console.say(f"ready after {console.elapsed_s():.0f} s")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted
