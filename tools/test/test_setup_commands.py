"""Pins that commands leave a complete log, end with the set-up, and never outlive a killed one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from setup_workspace.commands import Commands
from setup_workspace.errors import Interrupted
from setup_workspace.lock import one_at_a_time
from setup_workspace.paths import Workspace

TOOLS = Path(__file__).resolve().parents[1]
WAIT_LIMIT_S = 10.0


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path)
    made.state.mkdir()
    return made


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition):
    deadline_s = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_output_goes_to_the_log_and_to_the_caller(workspace):
    seen = []
    outcome = Commands(workspace).run(["sh", "-c", "echo one; echo two >&2; exit 3"], os.environ, seen.append)
    assert (outcome.returncode, outcome.tail) == (3, ("one", "two"))
    assert seen == ["one", "two"]
    assert workspace.log.read_text() == "$ sh -c echo one; echo two >&2; exit 3\none\ntwo\n= 3\n"


def test_interruption_ends_the_command_and_its_children(workspace):
    children = workspace.root / "children"

    def interrupt(line):
        children.write_text(line)
        raise Interrupted

    with pytest.raises(Interrupted):
        Commands(workspace).run(["sh", "-c", "sleep 60 & echo $! $$; wait"], os.environ, interrupt)
    assert not any(is_alive(int(pid)) for pid in children.read_text().split())


def test_processes_of_a_killed_set_up_are_ended_by_the_next(workspace):
    code = (
        "import os; from pathlib import Path; from setup_workspace.commands import Commands; "
        "from setup_workspace.paths import Workspace; "
        f"workspace = Workspace(Path({str(workspace.root)!r})); "
        "Commands(workspace).run(['sh', '-c', 'echo $$ > pid; sleep 60'], os.environ)"
    )
    first = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(TOOLS)})
    number = workspace.root / "pid"
    wait_until(lambda: number.exists() and number.read_text().strip())
    wait_until((workspace.state / "running.json").exists)
    first.kill()
    first.wait()
    left = int(number.read_text())
    assert is_alive(left)
    assert Commands(workspace).end_leftovers()
    assert not is_alive(left)


@pytest.mark.parametrize("record", ["", "{}", '{"session": "x"}', '{"session": 1, "boot": "another boot"}'])
def test_unreadable_or_old_record_touches_nothing(workspace, record):
    (workspace.state / "running.json").write_text(record)
    assert not Commands(workspace).end_leftovers()


def test_process_of_another_place_is_not_touched(workspace, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    other = subprocess.Popen(["sleep", "60"], cwd=elsewhere, start_new_session=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (workspace.state / "running.json").write_text(json.dumps({"session": other.pid, "boot": boot}))
    assert not Commands(workspace).end_leftovers()
    assert is_alive(other.pid)
    other.send_signal(signal.SIGKILL)
    other.wait()


def test_second_set_up_names_the_first_and_gives_up_after_the_limit(tmp_path):
    said = []
    with one_at_a_time(tmp_path / "lock", said.append):
        code = (
            "import sys; from pathlib import Path; from setup_workspace.errors import SetupError; "
            "from setup_workspace.lock import one_at_a_time\n"
            "try:\n"
            f"  with one_at_a_time(Path({str(tmp_path / 'lock')!r}), sys.stdout.write, limit_s=0.1): pass\n"
            "except SetupError as error: sys.stdout.write(str(error))"
        )
        environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
        second = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
    assert f"(process {os.getpid()}); waiting for it" in second.stdout
    assert second.stdout.endswith("end it and start again.")
    assert said == []
