"""Pins absolute pacing, the rings of ticks, and chores: missed periods are counted and never made up for."""

import numpy as np
import pytest
from dexora_control.chores import Chores
from dexora_control.pacing import Pacer, sleep_until
from dexora_control.tick_log import TickLog

PERIOD = 10_000_000


class FakeClock:
    def __init__(self):
        self.now, self.slept = 0, []

    def read(self):
        return self.now

    def sleep(self, deadline):
        self.slept.append(deadline)
        self.now = deadline + 50_000


def test_wakes_are_multiples_of_the_period_whatever_the_work_takes():
    clock = FakeClock()
    pacer, dues = Pacer(PERIOD, clock.read, clock.sleep), []
    for work in (0, 3_000_000, 9_000_000, 1_000_000):
        wake = pacer.wait()
        assert (wake.lateness_ns, wake.skipped) == (50_000, 0)
        dues.append(wake.due_ns)
        clock.now += work
    assert dues == [PERIOD, 2 * PERIOD, 3 * PERIOD, 4 * PERIOD]


def test_late_wake_counts_what_it_skipped_and_catches_up_with_nothing():
    clock = FakeClock()
    pacer = Pacer(PERIOD, clock.read, clock.sleep)
    clock.now = 35_000_000
    wake = pacer.wait()
    assert (wake.due_ns, wake.lateness_ns, wake.skipped) == (PERIOD, 25_000_000, 2)
    assert clock.slept == []
    assert pacer.wait().due_ns == 4 * PERIOD
    pacer.restart()
    assert pacer.due_ns == clock.now + PERIOD


def test_sleep_until_a_past_time_returns_at_once():
    sleep_until(1)


def test_figures_are_those_of_the_newest_window():
    log = TickLog(size=8, window=4)
    assert log.figures().lateness_max == 0.0
    for lateness in [9_000_000] * 8 + [1_000, 2_000, 3_000, 4_000]:
        log.add(lateness, 500_000, skipped=1)
    figures = log.figures()
    assert figures.lateness_max == pytest.approx(4e-6)
    assert figures.lateness_p50 == pytest.approx(2.5e-6)
    assert figures.duration_p99 == pytest.approx(5e-4)
    assert (log.count, log.skipped) == (12, 12)


def test_saved_ticks_are_in_order(tmp_path):
    log = TickLog(size=4, window=2)
    for k in range(6):
        log.add(k, 10 * k)
    log.save(tmp_path / "ticks.npz")
    content = np.load(tmp_path / "ticks.npz")
    assert content["lateness"].tolist() == [2, 3, 4, 5]
    assert content["duration"].tolist() == [20, 30, 40, 50]
    log.clear()
    assert log.count == 0


def test_most_overdue_chore_runs_first_and_one_at_a_time():
    done = []
    chores = Chores({lambda: done.append("often"): 10, lambda: done.append("rare"): 1000})
    while chores.do_one(0):
        pass
    assert sorted(done) == ["often", "rare"]
    assert chores.do_one(15)
    assert not chores.do_one(15)
    assert done[-1] == "often"
