"""Experts do their tasks in randomised scenes, inside the limits, and the same way for the same seed.

The bars are the suite's promise for 100 seeds each, all of which `benchmarks/experts.py` plays: minutes of
simulated time, so that a share of them is played here.
"""

from dataclasses import replace

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.errors import SimulationError
from dexora_sim.experts import EXPERTS, make_expert
from dexora_sim.experts.arms import Pose, facing
from dexora_sim.experts.base import smooth
from dexora_sim.experts.demonstration import demonstrate, see
from dexora_sim.tasks import TASKS

from dexora_description import contract_path

CONTRACT = load_contract(contract_path("dexora36"))
BARS = {
    "reach": (40, 0.99),
    "reach_either": (20, 0.99),
    "lift": (40, 0.95),
    "bimanual_lift": (40, 0.95),
    "handover": (20, 0.85),
    "open_bottle": (10, 0.85),
    "lift_variant": (20, 0.90),
}


FAILED_WITHIN_M = {"reach": 0.09, "lift": 0.1, "bimanual_lift": 0.2}
"""How far from the target, seen from above, a palm or a fingertip is when an attempt has failed."""


def quick_env(task):
    return DexoraEnv(task, EnvConfig(image_size=None))


@pytest.mark.slow
@pytest.mark.parametrize("task", BARS)
def test_expert_in_randomised_scenes_reaches_its_bar(task):
    seeds, bar = BARS[task]
    env, expert = quick_env(task), make_expert(task, CONTRACT)
    episodes = [demonstrate(env, expert, seed) for seed in range(seeds)]
    lost = [(e.seed, e.stages, e.failure) for e in episodes if not e.is_success]
    assert len(lost) <= (1.0 - bar) * seeds + 1e-9, lost


def test_every_task_has_an_expert():
    assert set(EXPERTS) == set(BARS) == set(TASKS)


def test_hand_of_reach_either_is_drawn_by_chance():
    env, expert = quick_env("reach_either"), make_expert("reach_either", CONTRACT)
    env.reset(seed=3)

    def moving_arm(seed):
        expert.reset(env.episode.goal, see(env), seed)
        travel = np.ptp(expert.ahead(20), axis=0)
        return max(("left", "right"), key=lambda hand: travel[CONTRACT.group_indices(f"{hand}_arm")].sum())

    assert {moving_arm(seed) for seed in range(8)} == {"left", "right"}


def test_unknown_task_is_refused_with_those_that_have_an_expert():
    with pytest.raises(SimulationError, match=r"no expert for task 'juggle'.*bimanual_lift, handover, lift"):
        make_expert("juggle", CONTRACT)


@pytest.mark.parametrize("task", ["reach", "handover"])
def test_targets_stay_inside_position_and_velocity_limits(task):
    env, expert = quick_env(task), make_expert(task, CONTRACT)
    env.reset(seed=3)
    expert.reset(env.episode.goal, see(env), 3)
    last = see(env).position_rad
    for _ in range(120):
        target = expert.act(see(env))
        assert np.isfinite(target).all()
        assert (target >= CONTRACT.lower_rad).all()
        assert (target <= CONTRACT.upper_rad).all()
        assert (np.abs(target - last) <= CONTRACT.max_velocity_rad_s / 20.0 + 1e-9).all()
        last = target
        env.step(target)


def test_same_seed_gives_the_same_targets_and_another_seed_does_not():
    def first_second(seed):
        env, expert = quick_env("lift"), make_expert("lift", CONTRACT)
        env.reset(seed=5)
        expert.reset(env.episode.goal, see(env), seed)
        targets = []
        for _ in range(20):
            targets.append(expert.act(see(env)))
            env.step(targets[-1])
        return np.array(targets)

    assert np.array_equal(first_second(1), first_second(1))
    assert not np.allclose(first_second(1), first_second(2))


@pytest.mark.parametrize("task", ["reach", "lift", "bimanual_lift"])
def test_expert_does_its_task_from_where_a_failed_attempt_ends(task):
    env, expert = quick_env(task), make_expert(task, CONTRACT)
    _, info = env.reset(seed=3)
    expert.reset(env.episode.goal, see(env), 3, begins_astray=True)
    assert expert.is_astray
    target = see(env).objects[env.episode.goal.target].position
    while expert.is_astray:
        *_, info = env.step(expert.act(see(env)).astype(np.float32))
    hands = ("left", "right") if env.episode.goal.hand == "both" else (env.episode.goal.hand,)
    for hand in hands:
        state = env.twin.world().hands[hand]
        nearest = min(np.linalg.norm(place[:2] - target[:2]) for place in (state.palm, state.tips["index"]))
        assert nearest < FAILED_WITHIN_M[task]
    assert not info["is_success"]
    is_over = is_late = False
    while not (is_over or is_late):
        _, _, is_over, is_late, info = env.step(expert.act(see(env)).astype(np.float32))
    assert info["is_success"], info


def test_expert_whose_hand_did_not_close_tries_again():
    env, expert = quick_env("lift"), make_expert("lift", CONTRACT)
    env.reset(seed=1)
    expert.reset(env.episode.goal, see(env), 1)
    fingers = np.concatenate([CONTRACT.group_indices(f"{hand}_hand") for hand in ("left", "right")])
    held = see(env).position_rad[fingers]
    is_over = is_late = False
    info = {}
    for step in range(300):
        target = expert.act(see(env)).astype(np.float32)
        target[fingers] = held if step < 100 else target[fingers]
        _, _, is_over, is_late, info = env.step(target)
        if is_over or is_late:
            break
    assert info["is_success"], info


@pytest.mark.parametrize("task", ["lift", "bimanual_lift"])
def test_expert_tries_until_the_thing_is_up(task):
    env, expert = quick_env(task), make_expert(task, CONTRACT)
    env.reset(seed=1)
    goal, seen = env.episode.goal, see(env)
    expert.reset(goal, seen, 1)
    plan = expert.plan(goal)
    assert all(next(plan).duration_s > 0.0 for _ in range(20))
    thing = seen.objects[goal.target]
    up = replace(thing, position=thing.position + np.array([0.0, 0.0, 0.1]))
    expert.view = replace(seen, objects={**seen.objects, goal.target: up})
    rest = list(plan)
    assert len(rest) < 7
    assert not rest[-1].palms


def test_expert_that_knows_no_failed_attempt_is_not_led_astray():
    env, expert = quick_env("handover"), make_expert("handover", CONTRACT)
    env.reset(seed=2)
    expert.reset(env.episode.goal, see(env), 2, begins_astray=True)
    assert not expert.is_astray


def test_expert_at_the_end_of_its_plan_holds():
    env, expert = quick_env("reach"), make_expert("reach", CONTRACT)
    env.reset(seed=0)
    expert.reset(env.episode.goal, see(env), 0)
    for _ in range(200):
        target = expert.act(see(env))
    assert expert.is_done
    assert np.array_equal(expert.act(see(env)), target)


def test_path_between_poses_is_straight_and_takes_the_shortest_turn():
    start = Pose(np.zeros(3), facing((0, 0, -1), (1, 0, 0)))
    end = Pose(np.array([0.2, 0.0, 0.1]), facing((0, 0, -1), (0, 1, 0)))
    middle = start.blend(end, 0.5)
    assert np.allclose(middle.position, [0.1, 0.0, 0.05])
    assert np.allclose(middle.rotation, facing((0, 0, -1), (1, 1, 0)), atol=1e-9)
    assert np.allclose(start.blend(end, 1.0).rotation, end.rotation, atol=1e-9)


def test_pace_of_a_move_starts_and_ends_at_rest():
    shares = np.linspace(0.0, 1.0, 101)
    values = np.array([smooth(share) for share in shares])
    assert values[0] == 0.0
    assert values[-1] == pytest.approx(1.0)
    speed = np.gradient(values, shares)
    assert speed[0] < 0.01
    assert speed[-1] < 0.01


@pytest.mark.parametrize("task", ["lift", "handover"])
def test_what_an_expert_foresees_is_what_it_does_and_changes_nothing(task):
    worlds = [(quick_env(task), make_expert(task, CONTRACT)) for _ in range(2)]
    for env, expert in worlds:
        env.reset(seed=2)
        expert.reset(env.episode.goal, see(env), 2)
    foreseen = np.zeros((0, 36))
    for _ in range(100):
        targets = [expert.act(see(env)) for env, expert in worlds]
        for (env, _expert), target in zip(worlds, targets, strict=True):
            env.step(target.astype(np.float32))
        np.testing.assert_array_equal(*targets)
        if len(foreseen):
            np.testing.assert_array_equal(targets[0], foreseen[0])
        looker = worlds[0][1]
        foreseen = looker.ahead(12) if looker.is_moving else np.zeros((0, 36))
        assert foreseen.shape in {(0, 36), (12, 36)}
