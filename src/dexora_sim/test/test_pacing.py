"""Pins that simulated time keeps up with wall time, catches up a little, and slows down when it must."""

import pytest
from dexora_sim.pacing import MAX_TICKS_AT_ONCE, Pacer

MS = 1_000_000
TICK = 8 * MS


def run(pacer, wall_ms, step_ms, cost_ms=0.0):
    """Call every `step_ms` (or as long as the ticks take) until `wall_ms`; return the ticks."""
    now, ticks = 0.0, 0
    while now < wall_ms:
        count = pacer.due(round(now * MS))
        ticks += count
        now += max(step_ms, count * cost_ms)
    return ticks


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 1250), (2.0, 2500), (0.5, 625)])
def test_world_runs_at_the_factor(factor, expected):
    pacer = Pacer(TICK, factor)
    assert run(pacer, 10_000, 4.0 / factor) == pytest.approx(expected, abs=2)
    assert pacer.realtime_factor == pytest.approx(factor, rel=0.01)
    assert not pacer.is_slow


def test_jitter_is_caught_up():
    pacer = Pacer(TICK, 1.0)
    ticks = sum(pacer.due(now * MS) for now in (0, 8, 16, 40, 41, 48, 56))
    assert ticks == 8


def test_slow_machine_slows_the_world_and_says_so():
    pacer = Pacer(TICK, 1.0)
    ticks = run(pacer, 10_000, 8.0, cost_ms=16.0)
    assert ticks == pytest.approx(625, rel=0.05)
    assert pacer.realtime_factor == pytest.approx(0.5, rel=0.05)
    assert pacer.is_slow


def test_one_slow_start_is_no_news():
    pacer = Pacer(TICK, 1.0)
    pacer.due(0)
    pacer.due(1000 * MS)
    for now in range(1000, 2100, 8):
        pacer.due(now * MS)
    assert pacer.realtime_factor < 0.9
    assert not pacer.is_slow


def test_long_stall_is_not_caught_up():
    pacer = Pacer(TICK, 1.0)
    pacer.due(0)
    assert pacer.due(5000 * MS) == MAX_TICKS_AT_ONCE
    assert sum(pacer.due((5000 + 8 * k) * MS) for k in range(1, 11)) <= 12


def test_as_fast_as_possible_runs_at_every_call():
    assert [Pacer(TICK, 0.0).due(0), Pacer(TICK, 0.0).due(1)] == [MAX_TICKS_AT_ONCE] * 2
    pacer = Pacer(TICK, 0.0)
    run(pacer, 5000, 1.0)
    assert not pacer.is_slow


def test_pause_is_not_made_up_for():
    pacer = Pacer(TICK, 1.0)
    pacer.due(0)
    pacer.pause()
    assert pacer.due(10_000 * MS) == 1
