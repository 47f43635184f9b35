"""Clocks that are handed in: nothing in the core asks the machine for the time."""

import pytest
from dexora_core.clock import ManualClock, MonotonicClock, MonotonicFilter, ns_to_s, s_to_ns


def test_seconds_and_nanoseconds_convert_both_ways():
    assert s_to_ns(0.0300000001) == 30_000_000
    assert ns_to_s(1_500_000_000) == 1.5


def test_monotonic_clock_never_runs_backwards():
    clock = MonotonicClock()
    readings = [clock.now_ns() for _ in range(100)]
    assert readings == sorted(readings)


def test_manual_clock_moves_only_forward():
    clock = ManualClock(5)
    assert clock.advance(3) == clock.now_ns() == 8
    with pytest.raises(ValueError, match="asked to advance by -1 ns"):
        clock.advance(-1)


def test_filter_holds_while_the_source_is_behind():
    filtered = MonotonicFilter()
    assert [filtered.update(t) for t in (10, 20, 5, 19, 25)] == [10, 20, 20, 20, 25]
    assert filtered.backward_jump_ns == 15
    filtered.rebase(3)
    assert (filtered.update(4), filtered.backward_jump_ns) == (4, 0)
