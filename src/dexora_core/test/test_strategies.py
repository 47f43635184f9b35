"""Five ways to join overlapping chunks, each with the edge cases: late, early, exhausted, nested, cleared."""

import numpy as np
import pytest
from chunk_cases import MS, STEP, make_chunk
from dexora_core.curve import ChunkCurve
from dexora_core.errors import ConfigError
from dexora_core.strategies import (
    STRATEGIES,
    BlendStrategy,
    EnsembleStrategy,
    PrefixStrategy,
    QueueStrategy,
    ReplayStrategy,
    make_strategy,
)
from dexora_core.strategies.single import SingleChunk


def curve(*args, **kwargs):
    return ChunkCurve(make_chunk(*args, **kwargs))


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_plays_one_chunk_and_then_ends(name):
    strategy = make_strategy(name)
    assert strategy.name == name
    assert strategy.current is None
    assert strategy.end_ns is None
    assert strategy.state_at(0) is None
    assert strategy.accept(0, curve(slope=0.5)).accepted
    assert strategy.current is not None
    assert strategy.end_ns == 15 * STEP
    assert strategy.state_at(100 * MS)[0] == pytest.approx(0.05)
    assert strategy.preview(200 * MS)[0] == pytest.approx(0.1)
    assert strategy.state_at(15 * STEP + 1) is None
    strategy.clear()
    assert strategy.current is None
    assert strategy.state_at(100 * MS) is None


def test_unknown_strategy_lists_the_known_ones():
    with pytest.raises(ConfigError, match="replay, ensemble, queue, blend, prefix"):
        make_strategy("magic")


def test_base_of_single_chunk_strategies_leaves_the_join_to_them():
    base = SingleChunk()
    base.accept(0, curve())
    with pytest.raises(NotImplementedError):
        base.accept(10 * MS, curve(5 * MS))


def test_replay_refuses_until_the_end_and_starts_late_chunks_from_their_first_step():
    strategy = ReplayStrategy()
    strategy.accept(0, curve(value=0.1))
    assert strategy.accept(100 * MS, curve(100 * MS)).code == "DX-CHK-014"
    late = 15 * STEP + MS
    assert strategy.accept(late, curve(0, value=0.5, slope=1.0)).accepted
    assert strategy.state_at(late)[0] == pytest.approx(0.5)
    assert strategy.join(0, None, "new") == "new"


def test_queue_averages_three_to_seven_where_both_exist():
    strategy = QueueStrategy()
    strategy.accept(0, curve(value=0.0))
    strategy.accept(100 * MS, curve(100 * MS, value=1.0))
    assert strategy.state_at(400 * MS)[0] == pytest.approx(0.7)
    assert strategy.state_at(17 * STEP)[0] == pytest.approx(1.0, abs=0.02)


def test_queue_ignores_steps_before_the_present():
    strategy = QueueStrategy()
    strategy.accept(0, curve(value=0.0))
    strategy.accept(200 * MS, curve(100 * MS, value=1.0))
    assert strategy.state_at(200 * MS)[0, 0] > 0.7


def test_ensemble_weighs_the_oldest_most():
    strategy = EnsembleStrategy(decay=1.0)
    strategy.accept(0, curve(value=0.0))
    strategy.accept(50 * MS, curve(50 * MS, value=1.0))
    expected = np.exp(-1.0) / (1 + np.exp(-1.0))
    assert strategy.state_at(100 * MS)[0] == pytest.approx(expected)
    assert strategy.state_at(15 * STEP + MS)[0] == pytest.approx(1.0)


def test_ensemble_forgets_ended_chunks_and_keeps_its_capacity():
    strategy = EnsembleStrategy(capacity=2)
    for k in range(5):
        strategy.accept(0, curve(k * MS, value=float(k)))
    assert len(strategy._curves) == 2
    strategy.accept(20 * STEP, curve(20 * STEP))
    assert len(strategy._curves) == 1
    assert strategy.state_at(19 * STEP)[0] == pytest.approx(0.0)


@pytest.mark.parametrize("strategy", [BlendStrategy(), PrefixStrategy()])
def test_blend_and_prefix_continue_without_a_step(strategy):
    strategy.accept(0, curve(slope=0.5))
    at = 300 * MS
    before = strategy.state_at(at)
    strategy.accept(at, curve(200 * MS, value=0.3, slope=-0.2))
    assert strategy.state_at(at) == pytest.approx(before)
    assert strategy.state_at(at + 100 * MS)[0] == pytest.approx(0.3 - 0.2 * 0.4)
    again = strategy.state_at(at + 101 * MS)
    strategy.accept(at + 101 * MS, curve(350 * MS, value=-0.1))
    assert strategy.state_at(at + 101 * MS) == pytest.approx(again)
    middle = strategy.state_at(at + 130 * MS)
    strategy.accept(at + 130 * MS, curve(380 * MS, value=0.1))
    assert strategy.state_at(at + 130 * MS) == pytest.approx(middle)


def test_blend_near_the_end_of_the_old_chunk_still_has_no_step():
    strategy = BlendStrategy()
    strategy.accept(0, curve(slope=0.5))
    at = 14 * STEP + 40 * MS
    before = strategy.state_at(at)
    strategy.accept(at, curve(14 * STEP, value=0.3))
    assert strategy.state_at(at) == pytest.approx(before)
    assert strategy.state_at(at + 100 * MS)[0] == pytest.approx(0.3)


@pytest.mark.parametrize("strategy", [BlendStrategy(), PrefixStrategy(), QueueStrategy()])
def test_chunk_that_starts_later_waits_while_the_old_one_goes_on(strategy):
    strategy.accept(0, curve(slope=0.1))
    strategy.accept(100 * MS, curve(400 * MS, value=1.0))
    assert strategy.current.start_ns == 0
    assert strategy.state_at(350 * MS)[0] == pytest.approx(0.035)
    assert strategy.preview(600 * MS)[0] == pytest.approx(1.0)
    assert strategy.end_ns == 400 * MS + 15 * STEP
    assert strategy.state_at(600 * MS) is not None
    assert strategy.current.start_ns == 400 * MS


def test_prefix_in_time_says_nothing_and_late_chunks_are_counted():
    strategy = PrefixStrategy()
    strategy.accept(0, curve())
    in_time = strategy.accept(200 * MS, curve(100 * MS, prefix_steps=2))
    assert (in_time.accepted, in_time.code, in_time.late_steps) == (True, "", 0)
    late = strategy.accept(400 * MS, curve(200 * MS, prefix_steps=2))
    assert (late.accepted, late.code, late.late_steps) == (True, "DX-CHK-012", 2)


def test_prefix_drops_what_is_much_too_late_only_while_the_motion_lasts():
    strategy = PrefixStrategy()
    strategy.accept(0, curve(horizon=32))
    much = strategy.accept(600 * MS, curve(50 * MS, horizon=32))
    assert (much.accepted, much.code, much.late_steps) == (False, "DX-CHK-013", 11)
    assert strategy.accept(1400 * MS, curve(850 * MS, horizon=32)).accepted
    strategy.clear()
    assert strategy.accept(1400 * MS, curve(850 * MS, horizon=32)).code == ""
