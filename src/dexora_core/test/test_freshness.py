"""Rows 1, 3, 7, 8, 31, 39, 40, 48-50: ages by arrival on a monotonic clock; deadman, clocks, cameras."""

import pytest
from dexora_core.clock import NS_PER_MS as MS
from dexora_core.clock import NS_PER_S
from dexora_core.freshness import AgeBound, AgeMonitor, ClockStallMonitor, DeadmanMonitor, SkewMonitor

TELEOP = (AgeBound("DX-FRS-012", 60 * MS), AgeBound("DX-FRS-013", 100 * MS))


def test_signal_that_is_not_expected_has_no_age():
    monitor = AgeMonitor("t", *TELEOP)
    assert not monitor.is_armed
    assert monitor.check(NS_PER_S) is None
    monitor.arm(0)
    assert monitor.is_armed
    monitor.disarm()
    assert monitor.age_ns(NS_PER_S) == 0


@pytest.mark.parametrize(
    ("age", "code"), [(60, None), (61, "DX-FRS-012"), (100, "DX-FRS-012"), (101, "DX-FRS-013")]
)
def test_age_warns_then_stops(age, code):
    monitor = AgeMonitor("t", *TELEOP)
    monitor.arm(0)
    monitor.seen(50 * MS)
    fault = monitor.check((50 + age) * MS)
    assert (fault.code if fault else None) == code
    if fault:
        assert f"{age} ms old" in fault.sentence


def test_expected_signal_that_never_comes_gets_old():
    monitor = AgeMonitor("t", *TELEOP)
    monitor.arm(10 * MS)
    assert monitor.check(111 * MS).code == "DX-FRS-013"


def test_frozen_stamp_does_not_keep_a_sender_alive():
    monitor = AgeMonitor("t", *TELEOP)
    assert monitor.seen(0, 5)
    assert not monitor.seen(90 * MS, 5)
    assert monitor.check(101 * MS).code == "DX-FRS-013"


def test_future_stamp_buys_no_time_and_wall_clock_jumps_cost_none():
    monitor = AgeMonitor("t", *TELEOP)
    assert monitor.seen(0, 3600 * NS_PER_S)
    assert monitor.check(101 * MS).code == "DX-FRS-013"
    assert monitor.seen(102 * MS, 5)
    assert monitor.check(150 * MS) is None


def test_time_before_the_arrival_is_age_zero():
    monitor = AgeMonitor("t")
    monitor.seen(100)
    assert monitor.age_ns(50) == 0


def test_deadman_must_be_seen_released_before_it_enables():
    deadman = DeadmanMonitor()
    deadman.update(0, True)
    assert deadman.refuses_enable(0).code == "DX-FRS-016"
    deadman.update(10 * MS, False)
    assert deadman.refuses_enable(10 * MS).code == "DX-FRS-014"
    deadman.update(20 * MS, True)
    assert deadman.refuses_enable(20 * MS) is None
    assert deadman.check(20 * MS).code == "DX-FRS-014"
    deadman.start()
    assert deadman.check(70 * MS) is None
    assert deadman.check(71 * MS).code == "DX-FRS-015"


def test_deadman_stuck_pressed_is_found_after_half_an_hour():
    deadman = DeadmanMonitor()
    deadman.update(0, False)
    later = 30 * 60 * NS_PER_S + 1
    deadman.update(later, True)
    refusal = deadman.refuses_enable(later)
    assert refusal.code == "DX-FRS-016"
    assert "for 30 minutes" in refusal.sentence
    deadman.start()
    assert deadman.check(later).code == "DX-FRS-016"


def test_deadman_that_enables_must_be_released_every_half_an_hour():
    deadman = DeadmanMonitor()
    deadman.update(0, False)
    deadman.start()
    half_an_hour = 30 * 60 * NS_PER_S
    deadman.update(half_an_hour, True)
    assert deadman.check(half_an_hour) is None
    deadman.update(half_an_hour + 1, True)
    assert deadman.check(half_an_hour + 1).code == "DX-FRS-016"


def test_deadman_released_stops():
    deadman = DeadmanMonitor()
    assert deadman.check(0).code == "DX-FRS-014"
    deadman.update(0, True)
    deadman.update(10 * MS, False)
    assert deadman.check(10 * MS).code == "DX-FRS-014"


def test_stalled_clock_is_found_by_steady_time():
    monitor = ClockStallMonitor()
    assert monitor.update(0, 100) is None
    assert monitor.update(200 * MS, 100) is None
    assert monitor.update(201 * MS, 100).code == "DX-FRS-018"
    assert monitor.update(202 * MS, 101) is None
    assert monitor.update(300 * MS, 50) is None


def test_cameras_too_far_apart_name_the_oldest():
    monitor = SkewMonitor()
    assert monitor.check(0, {"top": 0}) is None
    assert monitor.check(0, {"top": 0, "left": 66 * MS}) is None
    fault = monitor.check(0, {"top": 67 * MS, "left": 0, "right": 30 * MS})
    assert (fault.code, fault.subject) == ("DX-FRS-008", "left")
