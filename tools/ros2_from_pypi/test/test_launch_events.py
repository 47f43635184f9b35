"""Pins events and their handlers: processes, output, timers, shutdown."""

from __future__ import annotations

import signal
import time

import pytest
from launch import Event, EventHandler, LaunchContext
from launch.actions import (
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
    UnregisterEventHandler,
)
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.events import matches_action
from launch.events.process import (
    ProcessStdin,
    ShutdownProcess,
    SignalProcess,
    matches_executable,
    matches_name,
)
from launch.substitutions import LaunchConfiguration, LocalSubstitution


class _Greeting(Event):
    name = "greeting"


def test_start_and_exit_handlers_of_one_action(run, python):
    child = ExecuteProcess(cmd=python("raise SystemExit(4)"), name="child")
    other = ExecuteProcess(cmd=python(""), name="other")
    out = run(
        RegisterEventHandler(OnProcessStart(target_action=child, on_start=[LogInfo(msg="started")])),
        RegisterEventHandler(
            OnProcessExit(
                target_action=child,
                on_exit=lambda event, context: [LogInfo(msg=f"ended {event.returncode} {event.pid}")],
            )
        ),
        RegisterEventHandler(
            OnProcessExit(on_exit=LogInfo(msg=["any ", LocalSubstitution("event.process_name")]))
        ),
        child,
        other,
    ).out
    assert out.count("[launch.user]: started\n") == 1
    assert out.count("[launch.user]: ended 4 ") == 1
    assert f"any {child.name}\n" in out
    assert f"any {other.name}\n" in out


def test_next_process_starts_when_the_first_has_ended(run, python):
    first = ExecuteProcess(cmd=python("print('first')"), output="screen")
    second = ExecuteProcess(cmd=python("print('second')"), output="screen")
    out = run(first, RegisterEventHandler(OnProcessExit(target_action=first, on_exit=[second]))).out
    assert out.index("] first\n") < out.index("] second\n")


def test_output_handler_sees_bytes(run, python):
    seen = {"out": b"", "err": b""}

    def collect(event):
        seen["out" if event.from_stdout else "err"] += event.text

    child = ExecuteProcess(cmd=python("import sys; print('x'); print('y', file=sys.stderr)"))
    handler = OnProcessIO(target_action=child, on_stdout=collect, on_stderr=collect)
    run(RegisterEventHandler(handler), child)
    assert seen == {"out": b"x\n", "err": b"y\n"}


def test_ready_line_starts_the_next(run, python):
    child = ExecuteProcess(cmd=python("print('ready'); import time; time.sleep(30)"), name="child")

    def on_output(event):
        return [Shutdown(reason="ready")] if b"ready" in event.text else None

    out = run(RegisterEventHandler(OnProcessIO(target_action=child, on_stdout=on_output)), child).out
    assert "sending signal 'SIGINT'" in out


def test_stdin_reaches_the_process(run, python):
    child = ExecuteProcess(cmd=python("print('got', input())"), output="screen")

    def write(event, context):
        return EmitEvent(event=ProcessStdin(text=b"hello\n", **context.locals.event.action.process_details))

    out = run(RegisterEventHandler(OnProcessStart(target_action=child, on_start=write)), child).out
    assert "] got hello\n" in out


def test_handle_once_and_unregister(run):
    once = EventHandler(
        matcher=lambda event: isinstance(event, _Greeting), entities=LogInfo(msg="once"), handle_once=True
    )
    removed = EventHandler(
        matcher=lambda event: isinstance(event, _Greeting), entities=[LogInfo(msg="never")]
    )
    emit = [EmitEvent(event=_Greeting()) for _ in range(2)]
    out = run(
        RegisterEventHandler(once), RegisterEventHandler(removed), UnregisterEventHandler(removed), *emit
    ).out
    assert out.count("[launch.user]: once\n") == 1
    assert "never" not in out


def test_later_handlers_come_first(run):
    def handler(text):
        entities = [LogInfo(msg=text)]
        return RegisterEventHandler(
            EventHandler(matcher=lambda e: isinstance(e, _Greeting), entities=entities)
        )

    out = run(handler("a"), handler("b"), EmitEvent(event=_Greeting())).out
    assert out.index("[launch.user]: b\n") < out.index("[launch.user]: a\n")


def test_timer_waits_and_sees_the_locals(run):
    began = time.monotonic()
    timer = TimerAction(period=LaunchConfiguration("p"), actions=[LogInfo(msg="late")])
    out = run(SetLaunchConfiguration("p", "0.2"), timer, LogInfo(msg="early")).out
    assert time.monotonic() - began >= 0.2
    assert out.index("early") < out.index("late")


def test_shutdown_cancels_a_timer(run):
    began = time.monotonic()
    out = run(TimerAction(period=60.0, actions=[LogInfo(msg="late")]), Shutdown()).out
    assert time.monotonic() - began < 5.0
    assert "late" not in out


def test_cancelled_timer_does_nothing(run):
    timer = TimerAction(period=60.0, actions=[LogInfo(msg="late")])
    began = time.monotonic()
    run(timer, OpaqueFunction(function=lambda context: timer.cancel()))
    assert time.monotonic() - began < 5.0


def test_timer_wants_a_float_as_the_original_does():
    with pytest.raises(TypeError):
        TimerAction(period=1, actions=[])


def test_shutdown_handlers_run_at_every_end(run):
    handler = OnShutdown(on_shutdown=[LogInfo(msg=["because ", LocalSubstitution("event.reason")])])
    assert "because idle\n" in run(RegisterEventHandler(handler)).out


def test_shutdown_action_gives_its_reason(run):
    def say(event, context):
        return LogInfo(msg=f"{event.reason} {event.due_to_sigint} {context.is_shutdown}")

    out = run(RegisterEventHandler(OnShutdown(on_shutdown=say)), Shutdown(reason="enough")).out
    assert "enough False True\n" in out


def test_nothing_starts_after_a_shutdown(run, python):
    late = ExecuteProcess(cmd=python("print('late')"), output="screen")
    out = run(RegisterEventHandler(OnShutdown(on_shutdown=[late])), EmitEvent(event=ShutdownEvent())).out
    assert "late" not in out


def test_one_process_is_ended_alone(run):
    child = ExecuteProcess(cmd=["sleep", "30"], name="child")
    other = ExecuteProcess(cmd=["sleep", "1"], name="other")
    end = EmitEvent(event=ShutdownProcess(process_matcher=matches_action(child)))
    out = run(child, other, RegisterEventHandler(OnProcessStart(target_action=other, on_start=[end]))).out
    assert f"sending signal 'SIGINT' to process[{child.name}]" in out
    assert child.return_code == -signal.SIGINT
    assert other.return_code == 0


@pytest.mark.parametrize("matcher", [matches_name("child"), matches_executable("sleep")])
def test_signal_reaches_the_matching_process(run, matcher):
    child = ExecuteProcess(cmd=["sleep", "30"], name="child")
    kill = EmitEvent(event=SignalProcess(signal_number="SIGTERM", process_matcher=matcher))
    out = run(child, RegisterEventHandler(OnProcessStart(target_action=child, on_start=[kill]))).out
    assert f"sending signal 'SIGTERM' to process[{child.name}]" in out
    assert child.return_code == -signal.SIGTERM


def test_error_in_a_handler_ends_the_launch(run, python):
    def fail(event, context):
        raise ValueError("handler failed")

    child = ExecuteProcess(cmd=["sleep", "30"])
    outcome = run(RegisterEventHandler(OnProcessStart(target_action=child, on_start=fail)), child)
    assert outcome.code == 1
    assert "Caught exception in launch (see debug for traceback): handler failed" in outcome.out
    assert child.return_code == -signal.SIGINT


def test_wrong_targets_and_entities_are_refused():
    with pytest.raises(TypeError, match="action_matcher must be an 'ExecuteLocal' instance or a callable"):
        OnProcessExit(target_action=LogInfo(msg=""), on_exit=[])
    with pytest.raises(TypeError, match="LaunchDescriptionEntity"):
        OnProcessExit(on_exit=["text"])
    with pytest.raises(RuntimeError, match=r"EmitEvent\(\) expected an event instance"):
        EmitEvent(event="x")


def test_context_knows_its_handlers():
    context = LaunchContext()
    handler = EventHandler(matcher=lambda event: isinstance(event, _Greeting))
    assert not context.would_handle_event(_Greeting())
    context.register_event_handler(handler)
    assert context.would_handle_event(_Greeting())
    context.unregister_event_handler(handler)
    with pytest.raises(ValueError, match=r"not in deque|is not in"):
        context.unregister_event_handler(handler)


def test_handlers_in_a_group_outlive_it(run):
    handler = EventHandler(matcher=lambda event: isinstance(event, _Greeting), entities=[LogInfo(msg="seen")])
    assert "seen" in run(GroupAction([RegisterEventHandler(handler)]), EmitEvent(event=_Greeting())).out
