"""A node as a process: exit codes, one clear sentence, no traceback on a signal, no shared memory left."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from dexora_ros.executor import Spinner
from dexora_ros.executor_choice import ExecutorChoice
from dexora_ros.shared_memory import SHARED_MEMORY_PATH
from rclpy.executors import SingleThreadedExecutor

from .sample_node import SampleNode

PROGRAM = Path(__file__).with_name("node_program.py")


class Process:
    """A node process that is told when it says a word."""

    def __init__(self, *arguments: str):
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
        )
        self.lines: list[str] = []

    def wait_for(self, word: str) -> None:
        for line in self._process.stdout:
            self.lines.append(line)
            if word in line:
                return
        pytest.fail(f"'{word}' was never said:\n{self.text}")

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def finish(self) -> int:
        self.lines.extend(self._process.stdout)
        return self._process.wait(timeout=20)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def text(self) -> str:
        return "".join(self.lines)


def shared_memory_of(pid: int, older: set[str]) -> list[str]:
    """Names of the shared-memory files that a process holds open and that are no older process's."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    names = {line.rsplit("/", 1)[-1] for line in maps.splitlines() if f"{SHARED_MEMORY_PATH}/fast" in line}
    return sorted(name for name in names - older if "port" not in name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_with_code_0_through_the_teardown_path(number):
    older = {path.name for path in SHARED_MEMORY_PATH.iterdir()}
    process = Process("--ros-args", "-p", "autostart:=true")
    process.wait_for("ticking")
    own_files = shared_memory_of(process.pid, older)
    assert own_files
    process.send(number)
    assert process.finish() == 0
    assert "Traceback" not in process.text
    hooks = [line.strip() for line in process.lines if "hook:" in line]
    assert hooks[-2:] == ["hook: on_stop", "hook: on_teardown"]
    assert [name for name in own_files if (SHARED_MEMORY_PATH / name).exists()] == []


def test_signal_during_a_long_setup_ends_with_code_0_and_tears_down():
    process = Process("slow_setup", "--ros-args", "-p", "autostart:=true")
    process.wait_for("hook: on_setup")
    process.send(signal.SIGINT)
    assert process.finish() == 0
    assert "Traceback" not in process.text
    assert process.lines[-1] == "hook: on_teardown\n"


def test_second_signal_during_teardown_changes_nothing():
    process = Process("slow_teardown", "--ros-args", "-p", "autostart:=true")
    process.wait_for("ticking")
    process.send(signal.SIGINT)
    process.wait_for("hook: on_teardown")
    process.send(signal.SIGINT)
    assert process.finish() == 0
    assert "torn down" in process.text
    assert "Traceback" not in process.text


def test_refused_parameter_ends_with_code_1_and_one_sentence():
    process = Process("--ros-args", "-p", "rate_hz:=.nan")
    assert process.finish() == 1
    assert len(process.lines) == 1
    assert "cannot start: node 'sample_node' refuses its parameters: " in process.text
    assert "parameter 'rate_hz' is nan" in process.text


def test_failed_setup_ends_with_code_1_and_names_the_reason_last():
    process = Process("bad_setup", "--ros-args", "-p", "autostart:=true")
    assert process.finish() == 1
    assert "Traceback" in process.text
    assert "cannot start: sample_node: on_setup: ValueError: no such file" in process.lines[-1]


def test_refused_setup_needs_no_traceback():
    process = Process("refused_setup", "--ros-args", "-p", "autostart:=true")
    assert process.finish() == 1
    assert "Traceback" not in process.text
    assert "cannot start: sample_node: on_setup: BundleError: hash differs" in process.lines[-1]


def test_malformed_ros_arguments_end_with_code_1():
    process = Process("--ros-args", "-p", "rate_hz")
    assert process.finish() == 1
    assert "cannot start:" in process.text
    assert "Traceback" not in process.text


def test_parameter_file_that_does_not_exist_is_named_with_the_remedy():
    process = Process("--ros-args", "--params-file", "/no/such/file.yaml")
    assert process.finish() == 1
    assert "/no/such/file.yaml" in process.text
    assert "check what follows --ros-args, and that every --params-file exists" in process.text
    assert "Traceback" not in process.text


def test_fault_in_a_callback_keeps_the_process_and_stops_the_node():
    process = Process("bad_tick", "--ros-args", "-p", "autostart:=true")
    process.wait_for("hook: on_stop")
    process.send(signal.SIGTERM)
    assert process.finish() == 0
    assert "tick: ValueError: bad tick" in process.text
    assert "Traceback" in process.text


def test_spinner_stops_from_another_thread_and_reports_its_executor(ros):
    node = SampleNode()
    choice = ExecutorChoice(SingleThreadedExecutor(), "SingleThreadedExecutor", "probe failed")
    spinner = Spinner(node, choice)
    threading.Thread(target=spinner.stop).start()
    spinner.spin()
    spinner.close()
    status = next(s for s in node.diagnostics.collect() if s.name == "dexora/sample: executor")
    assert status.message == "probe failed"
    node.destroy_node()


def test_exception_that_escapes_a_callback_is_latched_and_spinning_goes_on(ros):
    class Escaping(SingleThreadedExecutor):
        rounds = 0

        def spin_until_future_complete(self, future, timeout_sec=None):
            self.rounds += 1
            assert timeout_sec is not None
            if self.rounds == 1:
                raise ValueError("escaped")
            future.set_result(None)

    node = SampleNode()
    executor = Escaping()
    Spinner(node, ExecutorChoice(executor, "Escaping")).spin()
    assert executor.rounds == 2
    assert str(node.fault) == "executor: ValueError: escaped"
    node.destroy_node()
