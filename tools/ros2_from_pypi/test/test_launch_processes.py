"""Pins how processes are run: output, environment, exit, respawn, terminals and log files."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest
from launch import LaunchService
from launch.actions import (
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.logging import _log_root
from launch.substitutions import LaunchConfiguration, LaunchLogDir


def test_lines_of_output_carry_the_process_name(run, python):
    child = ExecuteProcess(
        cmd=python("import sys; print('one\\ntwo'); print('three', file=sys.stderr); print('rest', end='')"),
        name="child",
        output="screen",
    )
    outcome = run(child)
    assert outcome.code == 0
    name = child.process_details["name"]
    assert name == child.name
    for line in ("one", "two", "three", "rest"):
        assert f"[{name}] {line}\n" in outcome.out
    pid = outcome.pid_of("child")
    started = outcome.out.index(f"[INFO] [{name}]: process started with pid [{pid}]\n")
    ended = outcome.out.index(f"[INFO] [{name}]: process has finished cleanly [pid {pid}]\n")
    assert started < outcome.out.index("one\n") < outcome.out.index("rest\n") < ended


def test_every_launch_begins_with_its_log_directory(run, log_root):
    lines = run().out.splitlines()
    assert lines[0].startswith(f"[INFO] [launch]: All log files can be found below {log_root}/")
    assert lines[1] == "[INFO] [launch]: Default logging verbosity is set to INFO"
    assert (log_root / "latest" / "launch.log").is_file()


@pytest.mark.parametrize(
    ("ros_log_dir", "ros_home", "expected"),
    [
        ("/a", "/b", "/a"),
        ("", "/b", "/b/log"),
        (None, None, "{home}/.ros/log"),
    ],
)
def test_log_directory_follows_the_environment(monkeypatch, ros_log_dir, ros_home, expected):
    for name, value in (("ROS_LOG_DIR", ros_log_dir), ("ROS_HOME", ros_home)):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    assert _log_root() == Path(expected.format(home=Path.home()))


@pytest.mark.parametrize(
    ("code", "shown"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_failed_process_is_an_error_line_but_no_failed_launch(run, python, code, shown):
    child = ExecuteProcess(cmd=python(code), name="child")
    outcome = run(child)
    assert outcome.code == 0
    assert child.return_code == shown
    pid = outcome.pid_of("child")
    command = " ".join(child.cmd)
    assert (
        f"[ERROR] [{child.name}]: process has died [pid {pid}, exit code {shown}, cmd '{command}'].\n"
        in outcome.out
    )


def test_missing_executable_is_logged_and_the_launch_goes_on(run):
    outcome = run(ExecuteProcess(cmd=["/none/such"], name="child"), LogInfo(msg="next"))
    assert outcome.code == 0
    assert "[ERROR] [child-" in outcome.out
    assert "exception occurred while executing process:\nTraceback" in outcome.out
    assert "FileNotFoundError" in outcome.out
    assert "[launch.user]: next" in outcome.out


def test_environment_is_that_of_the_context_and_of_the_action(run, python, monkeypatch):
    monkeypatch.delenv("SHOWN_A", raising=False)
    monkeypatch.delenv("SHOWN_B", raising=False)
    show = python("import os; print(sorted(k + os.environ[k] for k in os.environ if k.startswith('SHOWN_')))")
    outcome = run(
        SetEnvironmentVariable("SHOWN_A", "1"),
        ExecuteProcess(cmd=show, name="one", output="screen"),
        ExecuteProcess(cmd=show, name="two", output="screen", additional_env={"SHOWN_B": "2"}),
        ExecuteProcess(
            cmd=show, name="three", output="screen", env={"SHOWN_C": LaunchConfiguration("c", default="3")}
        ),
    )
    os.environ.pop("SHOWN_A")
    assert "['SHOWN_A1']" in outcome.out
    assert "['SHOWN_A1', 'SHOWN_B2']" in outcome.out
    assert "['SHOWN_C3']" in outcome.out


def test_cwd_shell_prefix_and_log_cmd(run, tmp_path):
    outcome = run(
        SetLaunchConfiguration("launch-prefix", "env X=1"),
        SetLaunchConfiguration("launch-prefix-filter", "bas"),
        ExecuteProcess(cmd=["pwd"], name="where", cwd=str(tmp_path), output="screen", log_cmd=True),
        ExecuteProcess(cmd=["echo", "$((1 + 1))", "|", "cat"], shell=True, name="sh", output="screen"),
        ExecuteProcess(cmd=["bash", "-c", "echo X=$X"], name="prefixed", output="screen"),
    )
    assert f"] {tmp_path}\n" in outcome.out
    assert f"process details: cmd='pwd', cwd='{tmp_path}', custom_env?=True" in outcome.out
    assert "] 2\n" in outcome.out
    assert "] X=1\n" in outcome.out


@pytest.mark.parametrize("tty", [False, True])
def test_emulate_tty(run, python, tty):
    show = "import sys; print(sys.stdout.isatty(), sys.stderr.isatty(), sys.stdin.isatty())"
    outcome = run(ExecuteProcess(cmd=python(show), emulate_tty=tty, name="child", output="screen"))
    assert f"] {tty} {tty} False\n" in outcome.out


def test_emulate_tty_by_launch_configuration(run, python):
    child = ExecuteProcess(cmd=python("import sys; print(sys.stdout.isatty())"), output="screen")
    assert "] True\n" in run(SetLaunchConfiguration("emulate_tty", "true"), child).out


_BOTH = "import sys; print('OUT'); print('ERR', file=sys.stderr)"


@pytest.mark.parametrize(
    ("output", "screen", "log", "own"),
    [
        ("screen", {"OUT", "ERR"}, set(), set()),
        ("log", {"ERR"}, {"OUT", "ERR"}, set()),
        ("both", {"OUT", "ERR"}, {"OUT", "ERR"}, set()),
        ("own_log", set(), set(), {"OUT", "ERR"}),
        ("full", {"OUT", "ERR"}, {"OUT", "ERR"}, {"OUT", "ERR"}),
        ({"stdout": "screen", "stderr": {"log", "own_log"}}, {"OUT"}, {"ERR"}, {"ERR"}),
    ],
)
def test_output_goes_where_it_is_wanted(run, python, log_root, output, screen, log, own):
    child = ExecuteProcess(cmd=python(_BOTH), name="child", output=output)
    out = run(child).out
    directory = log_root / "latest"
    launch_log = (directory / "launch.log").read_text()
    own_logs = "".join(path.read_text() for path in directory.glob("child-*.log"))
    for word in ("OUT", "ERR"):
        line = f"[{child.name}] {word}\n"
        assert (line in out) == (word in screen)
        assert (line in launch_log) == (word in log)
        assert (line in own_logs) == (word in own)
    assert f"[INFO] [{child.name}]: process started" in launch_log


def test_output_can_be_overridden_by_the_environment(run, python, monkeypatch):
    monkeypatch.setenv("OVERRIDE_LAUNCH_PROCESS_OUTPUT", "both")
    assert "] OUT\n" in run(ExecuteProcess(cmd=python(_BOTH), output="log")).out


def test_unknown_output_is_refused(run, python):
    outcome = run(ExecuteProcess(cmd=python(""), output="paper"))
    assert outcome.code == 1
    assert 'paper is not a valid standard output config i.e. "screen", "log" or "both"' in outcome.out


def test_output_format_and_cached_output(run, python):
    child = ExecuteProcess(
        cmd=python(_BOTH), name="child", output="screen", output_format="<{line}>", cached_output=True
    )
    out = run(child).out
    assert "\n<OUT>\n" in out
    assert child.get_stdout() == "OUT\n"
    assert child.get_stderr() == "ERR\n"
    with pytest.raises(RuntimeError, match="cached output must be true to be able to get stdout"):
        ExecuteProcess(cmd=["x"]).get_stdout()


def test_bytes_that_are_no_text_do_not_hurt(run, python):
    child = ExecuteProcess(
        cmd=python(
            "import sys; sys.stdout.buffer.write(b'a\\xffb{c}\\xc3'); sys.stdout.buffer.flush(); "
            "import time; time.sleep(0.05); sys.stdout.buffer.write(b'\\xa9\\n')"
        ),
        output="screen",
    )
    assert "a\N{REPLACEMENT CHARACTER}b{c}\N{LATIN SMALL LETTER E WITH ACUTE}\n" in run(child).out


def test_grandchild_that_keeps_the_pipe_open_does_not_delay_the_exit(run, python):
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4)'])"
    began = time.monotonic()
    assert "process has finished cleanly" in run(ExecuteProcess(cmd=python(code), output="screen")).out
    assert time.monotonic() - began < 3.0


def test_log_directory_is_a_substitution(run, log_root):
    out = run(LogInfo(msg=LaunchLogDir())).out
    assert str((log_root / "latest").resolve()) in out


def test_debug_shows_the_traceback(run):
    service = LaunchService(debug=True)
    out = run(OpaqueFunction(function=lambda context: 1 / 0), service=service).out
    logging.root.setLevel(logging.INFO)
    assert "Default logging verbosity is set to DEBUG" in out
    assert "ZeroDivisionError" in out


def test_timeout_that_is_no_number_is_refused_before_the_start(run):
    outcome = run(ExecuteProcess(cmd=["sleep", "30"], sigterm_timeout="soon"))
    assert outcome.code == 1
    assert (
        "sigterm_timeout: could not convert string to float: 'soon'; give a number of seconds" in outcome.out
    )
    assert "process started" not in outcome.out
