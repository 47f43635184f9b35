"""Pins the end of a launch: Ctrl-C once and twice, SIGINT to the launch alone, the ladder, SIGTERM, codes.

The launch runs in a process group of its own, which stands for the terminal's foreground group.
"""

from __future__ import annotations

import re
import signal
import sys
import time

import pytest

_READY = "print('ready', flush=True); "
_SLEEP = _READY + "import time; time.sleep(60)"
_STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + _SLEEP
_IMMORTAL = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _STUBBORN
_GRACEFUL = (
    "import signal, sys, time\n"
    "def stop(*_):\n    print('cleaning up', flush=True); time.sleep(0.3); sys.exit(0)\n"
    "signal.signal(signal.SIGINT, stop); " + _SLEEP
)


def _execute(code, name="child", more=""):
    return f"ExecuteProcess(cmd=[sys.executable, '-c', {code!r}], name={name!r}, output='screen'{more})"


_FAST = ", sigterm_timeout='0.3', sigkill_timeout='0.3'"


def test_ctrl_c_ends_everything_with_code_0(start):
    launched = start(_execute(_SLEEP) + ", " + _execute(_GRACEFUL, "graceful"))
    launched.wait_for("[child-1] ready")
    launched.wait_for("[graceful-2] ready")
    launched.press_ctrl_c()
    outcome = launched.finish()
    assert outcome.code == 0
    assert "[WARNING] [launch]: user interrupted with ctrl-c (SIGINT)\n" in outcome.out
    assert "[graceful-2] cleaning up\n" in outcome.out
    assert "[INFO] [graceful-2]: process has finished cleanly" in outcome.out
    assert re.search(r"\[ERROR\] \[child-1\]: process has died \[pid \d+, exit code -2, cmd ", outcome.out)
    assert "sending signal" not in outcome.out
    assert launched.members() == []


def test_second_ctrl_c_is_ignored_and_loses_no_child(start):
    # Not `print`: a second signal during it ends the child, and nothing is left to escalate to.
    code = "import os, signal; signal.signal(signal.SIGINT, lambda *_: os.write(1, b'INT\\n')); " + _SLEEP
    launched = start(_execute(code, more=", sigterm_timeout='1.0'"))
    launched.wait_for("[child-1] ready")
    launched.press_ctrl_c()
    launched.wait_for("user interrupted")
    launched.press_ctrl_c()
    outcome = launched.finish()
    assert outcome.code == 0
    assert "user interrupted with ctrl-c (SIGINT) again, ignoring...\n" in outcome.out
    assert "escalating to 'SIGTERM'" in outcome.out
    assert launched.members() == []


def test_sigint_to_the_launch_alone_is_forwarded_without_a_terminal(start):
    launched = start(_execute(_SLEEP), noninteractive=True)
    launched.wait_for("[child-1] ready")
    launched.process.send_signal(signal.SIGINT)
    outcome = launched.finish()
    assert outcome.code == 0
    assert "[INFO] [child-1]: sending signal 'SIGINT' to process[child-1]\n" in outcome.out
    assert launched.members() == []


def test_sigint_to_the_launch_alone_is_not_forwarded_with_a_terminal(start):
    """As in the original: the terminal is taken to have sent the signal to all; the ladder ends them."""
    launched = start(_execute(_SLEEP, more=_FAST))
    launched.wait_for("[child-1] ready")
    launched.process.send_signal(signal.SIGINT)
    outcome = launched.finish()
    assert "sending signal 'SIGINT'" not in outcome.out
    assert "sending signal 'SIGTERM' to process[child-1]" in outcome.out
    assert launched.members() == []


def test_ladder_reaches_sigterm(start):
    launched = start(_execute(_STUBBORN, more=_FAST))
    launched.wait_for("[child-1] ready")
    launched.press_ctrl_c()
    out = launched.finish().out
    assert (
        "[ERROR] [child-1]: process[child-1] failed to terminate '0.3' seconds after receiving 'SIGINT', "
        "escalating to 'SIGTERM'\n[INFO] [child-1]: sending signal 'SIGTERM' to process[child-1]\n"
    ) in out
    assert "exit code -15" in out
    assert "SIGKILL" not in out


def test_ladder_reaches_sigkill_with_the_configured_timeouts(start):
    launched = start(_execute(_IMMORTAL), arguments=["sigterm_timeout:=0.2", "sigkill_timeout:=0.4"])
    launched.wait_for("[child-1] ready")
    launched.press_ctrl_c()
    began = time.monotonic()
    outcome = launched.finish()
    assert 0.5 < time.monotonic() - began < 5.0
    assert (
        "failed to terminate '0.2' seconds after receiving 'SIGINT', escalating to 'SIGTERM'" in outcome.out
    )
    assert "seconds after receiving 'SIGTERM', escalating to 'SIGKILL'" in outcome.out
    assert "exit code -9" in outcome.out
    assert outcome.code == 0
    assert launched.members() == []


def test_tree_that_hands_signals_on_leaves_nothing_behind(start):
    """A child that starts processes of its own gets Ctrl-C together with them."""
    tree = (
        "import subprocess, sys\n"
        "c = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']) for _ in range(3)]\n"
        "print('ready', flush=True)\n"
        "try:\n    [p.wait() for p in c]\nexcept KeyboardInterrupt:\n    [p.wait() for p in c]\n"
    )
    launched = start(_execute(tree))
    launched.wait_for("[child-1] ready")
    assert len(launched.members()) == 5
    launched.press_ctrl_c()
    assert launched.finish().code == 0
    assert launched.members() == []


def test_ctrl_c_stops_respawning(start):
    launched = start(_execute(_READY, more=", respawn=True, respawn_delay=0.05"))
    launched.wait_for("ready\n")
    launched.press_ctrl_c()
    outcome = launched.finish()
    assert outcome.code == 0
    assert launched.members() == []


def test_ctrl_c_cancels_timers(start):
    launched = start("LogInfo(msg='up'), TimerAction(period=60.0, actions=[LogInfo(msg='late')])")
    launched.wait_for("up\n")
    launched.press_ctrl_c()
    outcome = launched.finish()
    assert outcome.code == 0
    assert "late" not in outcome.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_sigterm_ends_at_once_with_code_1(start, number):
    launched = start(_execute(_IMMORTAL))
    launched.wait_for("[child-1] ready")
    launched.process.send_signal(number)
    outcome = launched.finish()
    assert outcome.code == 1
    assert f"[ERROR] [launch]: user interrupted with ctrl-\\ ({number.name}), terminating...\n" in outcome.out
    assert f"using {number.name} can result in orphaned processes\n" in outcome.out
    assert "[ERROR] [launch]: run task was canceled\n" in outcome.out
    deadline = time.monotonic() + 5.0
    while launched.members() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert launched.members() == []


def test_error_while_launching_is_code_1_and_leaves_nothing(start):
    launched = start(_execute(_SLEEP) + ", OpaqueFunction(function=lambda context: 1 / 0)")
    outcome = launched.finish()
    assert outcome.code == 1
    assert "Caught exception in launch (see debug for traceback): division by zero" in outcome.out
    assert launched.members() == []


def test_signal_handlers_are_restored(run):
    before = signal.getsignal(signal.SIGINT)
    run()
    assert signal.getsignal(signal.SIGINT) is before
    assert sys.executable
