"""Pins how an expert is fed from topics, and that what it foresees is what it does.

It waits for its world, acts at 20 Hz of simulated time, skips NaN, catches up after a stall, and goes on
after a pause where it stood.
"""

import itertools
import math

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_sim.errors import SimulationError
from dexora_sim.expert_player import (
    AHEAD_STEPS,
    LEAD_STEPS,
    MOST_MISSED_STEPS,
    PAST_STEPS,
    PERIOD_NS,
    SETTLE_NS,
    ExpertPlayer,
)
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.twin import Twin

from dexora_description import contract_path

CONTRACT = load_contract(contract_path())
MS = 1_000_000
START = 1_000 * MS


@pytest.fixture(scope="module")
def twin():
    return Twin(CONTRACT, make_task("reach"), 4, randomisation=Randomisation.train())


@pytest.fixture
def player():
    return ExpertPlayer(CONTRACT, "reach", Randomisation.train())


def positions(twin):
    return dict(zip(CONTRACT.joint_names, twin.state().position.tolist(), strict=True))


def show(player, twin):
    for name, body in twin.world().objects.items():
        player.see(name, tuple(body.position), (1.0, 0.0, 0.0, 0.0))


def outlooks(player, twin, from_ms, to_ms, step_ms=8):
    stamps = range(START + from_ms * MS, START + to_ms * MS, step_ms * MS)
    return [outlook for stamp in stamps if (outlook := player.act(positions(twin), stamp)) is not None]


def stamps_of_actions(player, twin, from_ms, to_ms):
    return [outlook.seen_ns for outlook in outlooks(player, twin, from_ms, to_ms)]


def moving(player, twin, until_ms=1200):
    """Let an episode begin; return its first outlooks."""
    player.begin(4)
    show(player, twin)
    return outlooks(player, twin, 0, until_ms)


def test_without_an_episode_nothing_is_done(player, twin):
    show(player, twin)
    assert stamps_of_actions(player, twin, 0, 1000) == []


def test_expert_waits_until_it_has_seen_every_object(player, twin):
    player.begin(4)
    assert stamps_of_actions(player, twin, 0, 1000) == []
    show(player, twin)
    assert stamps_of_actions(player, twin, 1000, 1100)


def test_expert_acts_at_20_hz_of_simulated_time(player, twin):
    player.begin(4)
    show(player, twin)
    stamps = stamps_of_actions(player, twin, 0, 2000)
    assert stamps[0] >= START + SETTLE_NS
    assert len(stamps) == pytest.approx((2000 - 200) / 50, abs=1)
    assert np.mean(np.diff(stamps)) == pytest.approx(PERIOD_NS, rel=0.01)


def test_targets_stay_inside_the_limits(player, twin):
    for outlook in moving(player, twin):
        assert outlook.positions.shape == (PAST_STEPS + AHEAD_STEPS, 36)
        assert (outlook.positions >= CONTRACT.lower_rad).all()
        assert (outlook.positions <= CONTRACT.upper_rad).all()


def test_episode_begins_at_rest_where_the_robot_is(player, twin):
    first = moving(player, twin)[0]
    np.testing.assert_array_equal(first.positions[:PAST_STEPS], [twin.state().position] * PAST_STEPS)
    assert first.known_steps == 0


def test_step_decided_now_is_due_after_the_lead(player, twin):
    for outlook in moving(player, twin):
        decided_ns = outlook.start_ns + PAST_STEPS * PERIOD_NS
        assert 0 <= outlook.seen_ns - (decided_ns - LEAD_STEPS * PERIOD_NS) <= 8 * MS


def test_outlook_continues_the_one_before_without_a_step(player, twin):
    shown = moving(player, twin)
    assert len(shown) >= 18
    for before, after in itertools.pairwise(shown):
        assert after.start_ns - before.start_ns == PERIOD_NS
        assert after.known_steps >= PAST_STEPS
        known = slice(0, after.known_steps)
        np.testing.assert_array_equal(after.positions[known], before.positions[1:][known])
    assert sum(outlook.known_steps >= PAST_STEPS + AHEAD_STEPS - 1 for outlook in shown) > 10
    assert np.abs(shown[-1].positions[0] - shown[0].positions[0]).max() > 0.1


def test_expert_kept_from_acting_goes_on_where_its_outlook_led(player, twin):
    before = moving(player, twin, until_ms=600)[-1]
    late = player.act(positions(twin), before.seen_ns + 4 * PERIOD_NS)
    steps = (late.start_ns - before.start_ns) // PERIOD_NS
    assert steps == 4
    np.testing.assert_array_equal(late.positions[: PAST_STEPS + 1], before.positions[4 : 4 + PAST_STEPS + 1])


def test_expert_kept_from_acting_for_long_goes_on_where_the_robot_has_stopped(player, twin):
    before = moving(player, twin, until_ms=600)[-1]
    late = player.act(positions(twin), before.seen_ns + 40 * PERIOD_NS)
    decided = before.positions[PAST_STEPS + MOST_MISSED_STEPS + 1]
    np.testing.assert_array_equal(late.positions[PAST_STEPS], decided)
    assert late.start_ns - before.start_ns == 40 * PERIOD_NS


def test_plan_goes_on_after_a_pause_where_it_stood(player, twin):
    before = moving(player, twin, until_ms=600)[-1]
    player.pause()
    after = player.act(positions(twin), before.seen_ns + 100 * PERIOD_NS)
    np.testing.assert_array_equal(after.positions[:PAST_STEPS], [before.positions[PAST_STEPS]] * PAST_STEPS)
    np.testing.assert_array_equal(after.positions[PAST_STEPS], before.positions[PAST_STEPS + 1])
    assert after.known_steps == 0


def test_joint_states_that_are_broken_are_skipped(player, twin):
    player.begin(4)
    show(player, twin)
    player.act(positions(twin), START)
    broken = {**positions(twin), CONTRACT.joint_names[3]: math.nan}
    missing = {name: value for name, value in positions(twin).items() if name != CONTRACT.joint_names[3]}
    assert player.act(broken, START + SETTLE_NS) is None
    assert player.act(missing, START + SETTLE_NS + PERIOD_NS) is None
    assert player.act(positions(twin), START + SETTLE_NS + 2 * PERIOD_NS) is not None


def test_stall_is_not_made_up_for_by_a_burst(player, twin):
    player.begin(4)
    show(player, twin)
    stamps_of_actions(player, twin, 0, 500)
    assert len(stamps_of_actions(player, twin, 3000, 3100)) == 2


def test_new_episode_forgets_the_old_objects(player, twin):
    player.begin(4)
    show(player, twin)
    assert stamps_of_actions(player, twin, 0, 500)
    player.begin(5)
    assert not player.is_done
    assert stamps_of_actions(player, twin, 500, 1500) == []


def test_task_without_an_expert_is_refused():
    with pytest.raises(SimulationError, match="there is one for"):
        ExpertPlayer(CONTRACT, "juggle", Randomisation.off())
