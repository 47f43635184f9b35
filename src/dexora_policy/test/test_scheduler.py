"""When to infer, with which prefix, and what becomes of late results; time is injected."""

import numpy as np
import pytest
from dexora_core.chunk import ActionChunk, ChunkStamps
from dexora_core.curve import ChunkCurve
from dexora_policy.committed import CommittedMotion
from dexora_policy.scheduler import Scheduler, SchedulerConfig
from policy_cases import HOME, MS, STEP, H, J

PERIOD, LOOKAHEAD, MOST = 50 * MS, 30 * MS, 6


def make(**changes):
    values = {"step_ns": STEP, "max_prefix_steps": MOST, "period_ns": PERIOD, "refill_ns": 400 * MS}
    values["min_prefix_steps"] = 1
    return Scheduler(SchedulerConfig(**(values | changes)), CommittedMotion(LOOKAHEAD))


def chunk(start, received, sequence=1, prefix=0, slope=0.2):
    """A chunk whose joints all move at `slope` rad per second from home."""
    times = (start + STEP * np.arange(H)) * 1e-9
    positions = HOME + slope * times[:, None] * np.ones(J)
    stamps = ChunkStamps(joint_state_ns=start)
    return ActionChunk(
        "policy", sequence, 1, start, STEP, positions, received, prefix, "tiny", "sway", stamps
    )


def infer(scheduler, now, delay, sequence=1):
    """One inference from joints measured at `now`; returns its plan and what was thought of it."""
    plan = scheduler.begin(now, now, now)
    fault = scheduler.judge(now + delay, plan, H)
    if fault is None:
        scheduler.published(now + delay, chunk(now, now + delay, sequence, len(plan.prefix)), HOME)
    return plan, fault


def test_first_inference_starts_at_once_and_continues_nothing():
    scheduler = make()
    assert scheduler.is_due(0, 1, 1)
    plan, fault = infer(scheduler, 1, 40 * MS)
    assert fault is None
    assert len(plan.prefix) == 0


def test_next_inference_waits_for_its_period_and_for_tokens_that_are_about_to_come():
    scheduler = make()
    infer(scheduler, 1, 10 * MS)
    assert not scheduler.is_due(30 * MS, 30 * MS, 30 * MS)
    assert not scheduler.is_due(55 * MS, 55 * MS, 1), "tokens are about to come"
    assert scheduler.is_due(45 * MS, 45 * MS, 44 * MS), "and may be a little early"
    assert scheduler.is_due(70 * MS, 70 * MS, 1), "but are not waited for too long"


def test_long_period_is_kept_however_often_tokens_come():
    scheduler = make(period_ns=200 * MS)
    infer(scheduler, 1, 10 * MS)
    assert not scheduler.is_due(180 * MS, 180 * MS, 179 * MS), "a little early is a quarter of a step"
    assert scheduler.is_due(190 * MS, 190 * MS, 189 * MS)


def test_old_joint_state_starts_nothing():
    scheduler = make()
    infer(scheduler, 10, 10 * MS)
    assert not scheduler.is_due(500 * MS, 10, 500 * MS)


def test_short_motion_calls_for_the_next_inference_before_its_period():
    scheduler = make(period_ns=5000 * MS)
    infer(scheduler, 1, 10 * MS)
    assert not scheduler.is_due(300 * MS, 300 * MS, 300 * MS)
    assert scheduler.is_due(400 * MS, 400 * MS, 400 * MS), "350 ms of 750 are left"


def test_prefix_is_the_longest_at_first_and_then_what_the_slowest_needed():
    scheduler = make()
    infer(scheduler, 1, 300 * MS)
    assert scheduler.delay_steps == MOST, "the first inference warms up and does not count"
    for k, (delay, steps) in enumerate([(40, 2), (90, 3), (40, 3)], 1):
        infer(scheduler, (400 + 100 * k) * MS, delay * MS, k + 1)
        assert scheduler.delay_steps == steps


def test_slow_delay_is_forgotten_after_ten_inferences():
    scheduler = make()
    infer(scheduler, 1, 10 * MS)
    infer(scheduler, 300 * MS, 190 * MS, 2)
    assert scheduler.delay_steps == 5
    for k in range(10):
        infer(scheduler, (600 + 100 * k) * MS, 10 * MS, k + 3)
    assert scheduler.delay_steps == 1


def test_prefix_has_its_least_length_however_fast_inference_is():
    scheduler = make(min_prefix_steps=4)
    infer(scheduler, 1, 10 * MS)
    plan, _ = infer(scheduler, 100 * MS, 10 * MS, 2)
    assert len(plan.prefix) == MOST, "nothing is known yet"
    plan, _ = infer(scheduler, 200 * MS, 10 * MS, 3)
    assert len(plan.prefix) == 4
    infer(scheduler, 300 * MS, 190 * MS, 4)
    assert scheduler.delay_steps == 5, "as many as a slow inference needs"


def test_prefix_is_never_longer_than_the_policy_was_trained_for():
    scheduler = make(min_prefix_steps=9)
    infer(scheduler, 1, 10 * MS)
    infer(scheduler, 100 * MS, 10 * MS, 2)
    assert scheduler.delay_steps == MOST


def test_prefix_is_the_motion_that_will_be_commanded():
    scheduler = make()
    infer(scheduler, 0, 40 * MS)
    plan = scheduler.begin(500 * MS, 500 * MS, 1)
    assert plan.prefix.shape == (MOST, J)
    curve = ChunkCurve(chunk(0, 0))
    expected = np.array([curve.state_at(500 * MS + k * STEP)[0] for k in range(len(plan.prefix))])
    assert np.allclose(plan.prefix, expected, atol=1e-9)


def test_prefix_ends_with_the_motion():
    scheduler = make()
    infer(scheduler, 0, 10 * MS)
    plan = scheduler.begin(650 * MS, 650 * MS, 1)
    assert len(plan.prefix) == 3, "steps at 650, 700 and 750 ms, where the chunk ends"


def test_result_that_is_a_little_late_is_published_and_counted():
    scheduler = make()
    infer(scheduler, 1, 10 * MS)
    infer(scheduler, 100 * MS, 10 * MS, 2)
    assert scheduler.delay_steps == 1
    _, fault = infer(scheduler, 200 * MS, 120 * MS, 3)
    assert (fault, scheduler.late) == (None, 1)


def test_result_that_is_much_too_late_is_discarded_with_delay_and_bound():
    scheduler = make()
    infer(scheduler, 1, 10 * MS)
    infer(scheduler, 100 * MS, 10 * MS, 2)
    _, fault = infer(scheduler, 200 * MS, 430 * MS, 3)
    assert fault.code == "DX-POL-013"
    assert "430 ms where 450 ms" in fault.sentence


def test_without_motion_in_force_a_slow_result_is_of_use_until_it_is_past():
    scheduler = make()
    _, fault = infer(scheduler, 1, 700 * MS)
    assert fault is None
    scheduler.restart()
    _, fault = infer(scheduler, 2000 * MS, 800 * MS)
    assert fault.code == "DX-POL-013"


@pytest.mark.parametrize("period", [50 * MS, 100 * MS])
def test_discards_end_the_run_after_a_time_however_fast_they_come(period):
    scheduler = make()
    fault = scheduler.judge(10**10, scheduler.begin(0, 1, 1), H)
    count = 500 * MS // period
    assert [scheduler.discarded(7 + k * period, fault) for k in range(count)] == [None] * count
    end = scheduler.discarded(7 + 500 * MS, fault)
    assert end.code == "DX-POL-017"
    assert end.sentence.startswith(f"{count + 1} results in a row, over 500 ms, were discarded")
    assert "the last one: DX-POL-013" in end.sentence
    assert scheduler.discards == {"DX-POL-013": count + 1}


def test_single_discard_never_ends_a_run_however_late_it_comes():
    scheduler = make()
    fault = scheduler.judge(10**10, scheduler.begin(0, 1, 1), H)
    assert scheduler.discarded(10**10, fault) is None


def test_published_result_ends_a_row_of_discards():
    scheduler = make()
    fault = scheduler.judge(10**10, scheduler.begin(0, 1, 1), H)
    scheduler.discarded(10**10, fault)
    infer(scheduler, 10**10, 10 * MS)
    assert scheduler.discarded(10**10 + 1000 * MS, fault) is None


def test_restart_ends_a_row_of_discards():
    scheduler = make()
    fault = scheduler.judge(10**10, scheduler.begin(0, 1, 1), H)
    scheduler.discarded(1, fault)
    scheduler.restart()
    assert scheduler.discarded(1 + 1000 * MS, fault) is None


@pytest.mark.parametrize("period", [0, PERIOD])
def test_restart_forgets_motion_delay_and_period(period):
    scheduler = make(period_ns=period)
    infer(scheduler, 1, 10 * MS)
    infer(scheduler, 100 * MS, 10 * MS, 2)
    scheduler.restart()
    assert scheduler.is_due(101 * MS, 100 * MS, 0)
    assert len(scheduler.begin(101 * MS, 101 * MS, 1).prefix) == 0
    assert scheduler.delay_steps == MOST
