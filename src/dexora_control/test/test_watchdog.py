"""Pins the watchdog: what it expects, when it asks for the power to go, and when that is over."""

from dexora_control.watchdog import Watchdog, WatchdogBounds

MS = 1_000_000


def run(watchdog, begin_ms, end_ms, command="active", joints=True):
    for now in range(begin_ms, end_ms, 20):
        if command:
            watchdog.command_heartbeat(now * MS, command)
        if joints:
            watchdog.joint_states(now * MS)
        watchdog.check(now * MS)
    return watchdog


def test_nothing_is_expected_before_the_command_node_is_active():
    watchdog = run(Watchdog(), 0, 5000, command="")
    assert (watchdog.request, watchdog.is_armed) == ("", False)
    run(watchdog, 5000, 6000, command="inactive")
    run(watchdog, 6000, 9000, command="")
    assert watchdog.request == ""


def test_silent_command_node_is_noticed_within_its_bound():
    watchdog = run(Watchdog(), 0, 1000)
    run(watchdog, 1000, 1100, command="")
    assert watchdog.request == ""
    run(watchdog, 1100, 1140, command="")
    assert watchdog.request == "no heartbeat of command_node for 120 ms, bound 100 ms"
    assert watchdog.must_ask
    watchdog.opened()
    assert not watchdog.must_ask


def test_silent_joint_states_are_noticed_and_can_be_left_unwatched():
    watchdog = run(run(Watchdog(), 0, 1000), 1000, 1600, joints=False)
    assert watchdog.request.startswith("no joint states for")
    deaf = run(run(Watchdog(WatchdogBounds(joint_states_ns=0)), 0, 1000), 1000, 9000, joints=False)
    assert deaf.request == ""


def test_clean_end_of_the_command_node_is_no_loss():
    watchdog = run(Watchdog(), 0, 1000)
    watchdog.command_heartbeat(1000 * MS, "inactive")
    run(watchdog, 1020, 3000, command="")
    assert watchdog.request == ""


def test_request_ends_after_a_second_without_trouble_and_only_when_the_line_was_opened():
    watchdog = run(run(Watchdog(), 0, 1000), 1000, 1200, command="")
    run(watchdog, 1200, 4000)
    assert watchdog.request, "nobody has opened the line yet"
    watchdog.opened()
    run(watchdog, 4000, 4100)
    assert watchdog.request == ""


def test_own_standstill_of_the_watchdog_is_nobodys_silence():
    watchdog = run(Watchdog(), 0, 1000)
    assert watchdog.check(3000 * MS) == ""
    run(watchdog, 3020, 3200, command="")
    assert watchdog.request
