"""Pins how an expert is fed from topics: waits for its world, acts at 20 Hz of simulated time, skips NaN."""

import math

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_sim.errors import SimulationError
from dexora_sim.expert_player import PERIOD_NS, SETTLE_NS, ExpertPlayer
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


def stamps_of_actions(player, twin, from_ms, to_ms, step_ms=8):
    stamps = range(START + from_ms * MS, START + to_ms * MS, step_ms * MS)
    return [stamp for stamp in stamps if player.act(positions(twin), stamp) is not None]


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
    player.begin(4)
    show(player, twin)
    targets = player.act(positions(twin), START) or player.act(positions(twin), START + SETTLE_NS)
    assert targets.shape == (36,)
    assert (targets >= CONTRACT.lower_rad).all()
    assert (targets <= CONTRACT.upper_rad).all()


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
