"""Program of the process tests: a node that says what happens to it and fails where its arguments say."""

import sys
import time

from dexora_core.errors import BundleError
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from sample_node import SampleParameters

ARGUMENTS = sys.argv[1:]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Program(ManagedNode[SampleParameters]):
    def __init__(self) -> None:
        super().__init__("sample_node", SampleParameters)

    def on_setup(self, parameters: SampleParameters) -> None:
        say("hook: on_setup")
        if "bad_setup" in ARGUMENTS:
            raise ValueError("no such file")
        if "refused_setup" in ARGUMENTS:
            raise BundleError("hash differs")
        if "slow_setup" in ARGUMENTS:
            time.sleep(20.0)

    def on_start(self) -> None:
        self.create_timer(0.02, self.tick)

    def tick(self) -> None:
        if "bad_tick" in ARGUMENTS:
            raise ValueError("bad tick")
        say("ticking")

    def on_stop(self) -> None:
        say("hook: on_stop")

    def on_teardown(self) -> None:
        say("hook: on_teardown")
        if "slow_teardown" in ARGUMENTS:
            time.sleep(0.3)
            say("torn down")


if __name__ == "__main__":
    sys.exit(run_node(Program))
