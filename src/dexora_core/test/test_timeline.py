"""Fault rows 14, 20, 21, 22: chunks are used by time, replaced smoothly, and never resumed."""

import numpy as np
import pytest
from chunk_cases import MS, STEP, make_chunk, rest, stamped
from dexora_core.delay import DelayEstimator
from dexora_core.strategies import STRATEGIES, make_strategy
from dexora_core.timeline import Timeline, TimelineConfig

AHEAD = 30 * MS


def play(timeline, start_ms, end_ms):
    """Sample every 10 ms and return the last state."""
    state = None
    for now in range(start_ms * MS, end_ms * MS + 1, 10 * MS):
        state = timeline.state_at(now, now + AHEAD)
    return state


def offer(timeline, now_ms, chunk, position=0.0):
    return timeline.offer(now_ms * MS, now_ms * MS + AHEAD, chunk, rest(position))


@pytest.fixture(params=list(STRATEGIES))
def timeline(request):
    return Timeline(make_strategy(request.param))


def prefix_timeline():
    return Timeline(make_strategy("prefix"))


def test_without_a_chunk_there_is_nothing_to_do(timeline):
    assert timeline.state_at(0, AHEAD) is None
    assert timeline.chunk is None
    assert timeline.buffered_ns(0) == 0
    assert timeline.committed_steps(0) == 0
    assert timeline.committed(0, STEP, 4).shape == (0,)
    timeline.rejoin(AHEAD, rest(0.5))
    assert timeline.state_at(0, AHEAD) is None, "there is no motion to fade into"


def test_exhausted_chunk_stops_and_never_comes_back(timeline):
    offer(timeline, 0, make_chunk())
    assert play(timeline, 0, 700) is not None
    assert play(timeline, 710, 900) is None
    assert timeline.chunk is None
    assert timeline.state_at(910 * MS, 500 * MS) is None


def test_arrival_after_exhaustion_starts_from_what_is_commanded(timeline):
    offer(timeline, 0, make_chunk(value=0.1), 0.1)
    assert play(timeline, 0, 800) is None
    assert offer(timeline, 810, make_chunk(800 * MS, 2, value=0.5), 0.1) is None
    assert timeline.state_at(810 * MS, 840 * MS)[0] == pytest.approx(0.1)
    assert play(timeline, 820, 1150)[0] == pytest.approx(0.5)


def test_older_chunk_and_repeated_sequence_are_dropped(timeline):
    offer(timeline, 0, make_chunk(0, 5))
    play(timeline, 0, 100)
    assert offer(timeline, 100, make_chunk(100 * MS, 5)).code == "DX-CHK-005"
    older = offer(timeline, 100, make_chunk(-50 * MS, 6))
    assert older.code == ("DX-CHK-014" if timeline.strategy == "replay" else "DX-CHK-005")
    assert timeline.discards.total() == 2
    assert timeline.accepted == 1


def test_restarted_source_may_count_from_the_beginning_under_a_new_epoch(timeline):
    offer(timeline, 0, make_chunk(0, 500))
    play(timeline, 0, 50)
    timeline.new_owner()
    assert timeline.chunk is None
    assert offer(timeline, 60, make_chunk(55 * MS, 1, epoch=2)) is None


def test_stall_of_the_tick_drops_the_chunk(timeline):
    offer(timeline, 0, make_chunk())
    play(timeline, 0, 100)
    assert timeline.state_at(201 * MS, 231 * MS) is None
    assert timeline.state_at(211 * MS, 241 * MS) is None


def test_time_that_runs_backwards_repeats_the_last_moment(timeline):
    offer(timeline, 0, make_chunk(slope=0.5), 0.0)
    play(timeline, 0, 400)
    assert timeline.state_at(390 * MS, 420 * MS) == pytest.approx(timeline.state_at(400 * MS, 430 * MS))


def test_chunk_in_the_past_or_far_future_is_dropped():
    timeline = prefix_timeline()
    assert offer(timeline, 2000, make_chunk(0)).code == "DX-CHK-006"
    assert "1.28 s" in offer(timeline, 2000, make_chunk(0)).sentence
    ahead = offer(timeline, 0, make_chunk(501 * MS))
    assert ahead.code == "DX-CHK-011"
    assert "0.501 s in the future, bound 0.5 s" in ahead.sentence
    assert offer(timeline, 0, make_chunk(400 * MS), 0.0) is None
    assert timeline.committed_steps(100 * MS) == 0


def test_past_steps_are_skipped_by_time():
    timeline = prefix_timeline()
    offer(timeline, 300, make_chunk(0, slope=0.5), 0.165)
    play(timeline, 310, 600)
    assert timeline.state_at(600 * MS, 640 * MS)[0] == pytest.approx(0.32)
    assert timeline.committed_steps(640 * MS) == 15
    assert timeline.buffered_ns(640 * MS) == 15 * STEP - 640 * MS


def test_takeover_fades_from_the_commanded_state_in_300_ms():
    timeline = prefix_timeline()
    commanded = rest(0.5)
    commanded[1] = 0.2
    timeline.offer(0, AHEAD, make_chunk(value=0.0), commanded)
    assert timeline.state_at(0, AHEAD) == pytest.approx(commanded)
    assert timeline.state_at(90 * MS, 180 * MS)[0, 0] > 0.05
    assert timeline.state_at(180 * MS, 330 * MS)[0] == pytest.approx(0.0)


def test_first_splice_is_measured_against_the_commanded_state():
    timeline = prefix_timeline()
    offer(timeline, 0, make_chunk(value=0.2), 0.5)
    assert timeline.splice.position_jump == pytest.approx(0.3)
    assert timeline.splice.velocity_jump == pytest.approx(0.0)


def test_later_splice_is_measured_against_the_motion_in_force():
    timeline = prefix_timeline()
    offer(timeline, 0, make_chunk(value=0.2), 0.2)
    play(timeline, 0, 400)
    offer(timeline, 400, make_chunk(350 * MS, 2, value=0.1, slope=0.2, prefix_steps=1))
    assert timeline.splice.position_jump == pytest.approx(abs(0.1 + 0.2 * 0.43 - 0.2))
    assert timeline.splice.velocity_jump == pytest.approx(0.2)
    assert timeline.splice.late_steps == 1


def test_late_chunk_is_accepted_with_a_remark_or_dropped_with_a_reason():
    timeline = prefix_timeline()
    offer(timeline, 0, make_chunk(horizon=32))
    play(timeline, 0, 400)
    remark = offer(timeline, 400, make_chunk(200 * MS, 2, horizon=32, prefix_steps=1))
    assert remark.code == "DX-CHK-012"
    assert "4 steps late, more than its prefix of 1" in remark.sentence
    assert timeline.discards.total() == 0
    play(timeline, 400, 1000)
    assert offer(timeline, 1000, make_chunk(250 * MS, 3, horizon=32)).code == "DX-CHK-013"
    assert timeline.discards == {"DX-CHK-013": 1}


def test_committed_prefix_is_what_will_be_played():
    timeline = prefix_timeline()
    offer(timeline, 0, make_chunk(slope=0.5), 0.3)
    promised = timeline.committed(100 * MS, STEP, 40)
    assert promised.shape == (14, 3)
    timeline.state_at(0, 100 * MS)
    assert timeline.state_at(50 * MS, 150 * MS)[0] == pytest.approx(promised[1])
    assert timeline.state_at(120 * MS, 300 * MS)[0] == pytest.approx(promised[4])
    offer(timeline, 200, make_chunk(200 * MS, 2, slope=0.5, prefix_steps=3))
    assert timeline.committed(350 * MS, STEP, 2) == pytest.approx(np.repeat([[0.175], [0.2]], 3, axis=1))


def test_delay_is_measured_per_chunk_and_warm_up_never_counts():
    timeline = prefix_timeline()
    offer(timeline, 0, stamped(900 * MS, 0, sequence=1))
    assert timeline.delay.newest_ns is None
    assert timeline.delay.largest_ns is None
    offer(timeline, 80, stamped(70 * MS, 10 * MS, sequence=2))
    offer(timeline, 160, stamped(60 * MS, 100 * MS, sequence=3))
    assert timeline.delay.newest_ns == 60 * MS
    assert timeline.delay.largest_ns == 70 * MS


def test_delay_forgets_a_hiccup_after_ten_chunks_and_restarts_with_another_policy():
    estimator = DelayEstimator()
    for delay in (900, 500, *range(10, 20)):
        estimator.add(stamped(delay * MS, 0))
    assert estimator.largest_ns == 19 * MS
    estimator.add(stamped(50 * MS, 0, policy_id="other"))
    assert estimator.largest_ns is None
    estimator.add(stamped(-50 * MS, 0, policy_id="other"))
    assert estimator.newest_ns == 0


def test_stall_bound_is_a_setting():
    timeline = Timeline(make_strategy("blend"), TimelineConfig(stall_ns=500 * MS))
    offer(timeline, 0, make_chunk())
    timeline.state_at(0, AHEAD)
    assert timeline.state_at(400 * MS, 430 * MS) is not None
