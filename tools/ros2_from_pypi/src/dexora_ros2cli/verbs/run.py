"""`ros2 run`."""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
from types import FrameType

from dexora_ros2cli.executables import executable_path
from dexora_ros2cli.output import echo


class RunCommand:
    """Run a package specific executable."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--prefix",
            help="Prefix command, which should go before the executable (e.g. 'gdb -ex run --args')",
        )
        parser.add_argument("package_name", help="Name of the ROS package")
        parser.add_argument("executable_name", help="Name of the executable")
        parser.add_argument(
            "argv", nargs=argparse.REMAINDER, help="Pass arbitrary arguments to the executable"
        )

    @staticmethod
    def main(args: argparse.Namespace) -> int:
        """Run the executable and return its exit code."""
        path = executable_path(args.package_name, args.executable_name)
        command = [*shlex.split(args.prefix or ""), path, *args.argv]
        return run_to_the_end(command)


def run_to_the_end(command: list[str]) -> int:
    """Run `command` in this terminal, pass SIGTERM on, and let Ctrl-C be the child's business."""
    with subprocess.Popen(command) as process:

        def pass_on(number: int, _: FrameType | None) -> None:
            process.send_signal(number)

        signal.signal(signal.SIGTERM, pass_on)
        # The terminal sends Ctrl-C to the child too, so only a signal to this process alone is passed on.
        signal.signal(signal.SIGINT, lambda number, _: None)
        code = process.wait()
    if code < 0:
        echo(f"[ros2run]: {signal.strsignal(-code)}", err=True)
    elif code > 0:
        echo(f"[ros2run]: Process exited with failure {code}", err=True)
    return code
