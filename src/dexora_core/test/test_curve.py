"""A sampled chunk is C2, stays in the hull of its steps, and never goes on beyond its end."""

import numpy as np
import pytest
from chunk_cases import MS, STEP, make_chunk
from dexora_core.curve import ChunkCurve
from dexora_core.easing import Easing
from dexora_core.strategies.motions import Crossfade, Eased
from hypothesis import given, settings
from hypothesis import strategies as st


def random_curve(seed, horizon=8, start=0):
    rng = np.random.default_rng(seed)
    chunk = make_chunk(start, horizon=horizon)
    positions = rng.normal(size=chunk.positions.shape)
    return ChunkCurve(
        type(chunk)(**{**{f: getattr(chunk, f) for f in chunk.__slots__}, "positions": positions})
    )


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), horizon=st.integers(1, 20), share=st.floats(0, 1))
def test_sample_stays_in_the_hull_of_the_steps_around(seed, horizon, share):
    curve = random_curve(seed, horizon)
    at = round(share * curve.end_ns)
    steps = curve.chunk.positions
    first = min(int(at // STEP), max(horizon - 2, 0))
    around = steps[max(first - 1, 0) : first + 3]
    q, v, a = curve.state_at(at)
    assert (q <= around.max(axis=0) + 1e-12).all()
    assert (q >= around.min(axis=0) - 1e-12).all()
    if horizon > 1:
        rates = np.abs(np.diff(around, axis=0)).max(axis=0) / 0.05
        assert (np.abs(v) <= rates + 1e-9).all()
    assert np.isfinite(a).all()


def test_first_and_last_step_are_met_exactly():
    curve = random_curve(3)
    assert curve.state_at(curve.start_ns)[0] == pytest.approx(curve.chunk.positions[0])
    assert curve.state_at(curve.end_ns)[0] == pytest.approx(curve.chunk.positions[-1])


def test_line_is_reproduced_exactly():
    curve = ChunkCurve(make_chunk(slope=0.7, value=0.1))
    q, v, a = curve.state_at(333 * MS)
    assert q == pytest.approx(0.1 + 0.7 * 0.333)
    assert v == pytest.approx(0.7)
    assert np.abs(a).max() < 1e-9


def derivatives_agree(motion, at):
    step = 10_000
    before, now, after = (motion.state_at(at + k * step) for k in (-1, 0, 1))
    h = step * 1e-9
    assert now[1] == pytest.approx((after[0] - before[0]) / (2 * h), abs=2e-3)
    assert now[2] == pytest.approx((after[1] - before[1]) / (2 * h), abs=0.5)


@pytest.mark.parametrize("at_ms", [50, 99, 100, 101, 130, 175, 200])
def test_all_motions_are_continuous_with_true_derivatives(at_ms):
    old, new = random_curve(1), random_curve(2)
    at = at_ms * MS
    derivatives_agree(old, at)
    fade = Crossfade(60 * MS, old, new, 100 * MS)
    derivatives_agree(fade, at)
    derivatives_agree(Eased(60 * MS, old.state_at(60 * MS), new, 100 * MS), at + 15 * MS)


def test_transitions_begin_with_the_old_and_settle_to_the_new():
    old, new = random_curve(1), random_curve(2)
    start = 60 * MS
    for motion in (Crossfade(start, old, new, 100 * MS), Eased(start, old.state_at(start), new, 100 * MS)):
        assert motion.state_at(start) == pytest.approx(old.state_at(start))
        assert motion.state_at(160 * MS) == pytest.approx(new.state_at(160 * MS))
        assert motion.settled(159 * MS) is motion
        assert motion.settled(160 * MS) is new
        assert motion.end_ns == new.end_ns


def test_easing_before_its_start_is_the_full_offset():
    offset = np.arange(9.0).reshape(3, 3)
    easing = Easing(100, offset, 1000)
    assert easing.add_to(np.zeros((3, 3)), 50) == pytest.approx(offset)
    assert not easing.is_over(1099)
    assert easing.is_over(1100)


def test_before_its_first_step_a_chunk_rests_there():
    curve = random_curve(4, start=500 * MS)
    state = curve.state_at(0)
    assert state[0] == pytest.approx(curve.chunk.positions[0])
    assert not state[1:].any()
    assert not curve.covers(0)
