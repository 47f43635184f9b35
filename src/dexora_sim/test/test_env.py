"""The gymnasium environments: the checker's rules, determinism, delay, set-points, how episodes end."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from dexora_sim.env import DexoraEnv, EnvConfig, environment_id
from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import TASKS
from dexora_sim.vector_env import make_vector_env
from gymnasium.utils.env_checker import check_env

BLIND = EnvConfig(image_size=None)
SMALL = EnvConfig(image_size=(32, 40), views=("top", "wrist_left"))


@pytest.fixture
def env():
    made = DexoraEnv("lift", BLIND)
    yield made
    made.close()


def actions(env: DexoraEnv, count: int) -> np.ndarray:
    """Random targets near the start pose."""
    rng = np.random.default_rng(3)
    start = env.twin.targets()
    return (start + rng.uniform(-0.1, 0.1, (count, 36))).astype(np.float32)


def roll(env: DexoraEnv, seed: int, count: int = 8) -> bytes:
    observation, _ = env.reset(seed=seed)
    out = b""
    for action in actions(env, count):
        for key in ("position", "velocity"):
            out += observation[key].tobytes()
        out += b"".join(image.tobytes() for image in observation.get("images", {}).values())
        observation, reward, *_ = env.step(action)
        out += np.float64(reward).tobytes()
    return out + observation["instruction"].encode()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gymnasium_checker_accepts_every_registered_task_without_pictures():
    for name in TASKS:
        made = gymnasium.make(environment_id(name), config=BLIND)
        check_env(made.unwrapped, skip_render_check=True)
        made.close()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gymnasium_checker_accepts_pictures_and_render():
    made = gymnasium.make("dexora/Lift-v0", config=SMALL, render_mode="rgb_array")
    check_env(made.unwrapped)
    made.close()


def test_ids_are_those_that_the_docs_name():
    assert {environment_id(name) for name in TASKS} == {
        "dexora/Reach-v0",
        "dexora/ReachEither-v0",
        "dexora/Lift-v0",
        "dexora/BimanualLift-v0",
        "dexora/OpenBottle-v0",
        "dexora/Handover-v0",
        "dexora/LiftVariant-v0",
    }


def test_same_seed_same_actions_same_bits_pictures_included():
    first, second = DexoraEnv("reach", SMALL), DexoraEnv("reach", SMALL)
    reference = roll(first, 4)
    roll(first, 5)
    assert roll(first, 4) == reference
    assert roll(second, 4) == reference
    assert roll(second, 6) != reference
    first.close()
    second.close()


def test_reset_without_seed_goes_on_from_the_last_seed(env):
    env.reset(seed=1)
    drawn = [env.reset()[1]["seed"] for _ in range(3)]
    env.reset(seed=1)
    assert [env.reset()[1]["seed"] for _ in range(3)] == drawn
    assert len(set(drawn)) == 3


def test_observation_has_the_contracts_views_at_the_wanted_size(contract):
    made = DexoraEnv("lift", EnvConfig(image_size=(24, 32)))
    observation, _ = made.reset(seed=0)
    assert tuple(observation["images"]) == contract.views
    assert all(image.shape == (24, 32, 3) for image in observation["images"].values())
    assert observation in made.observation_space
    made.close()


def test_render_is_the_front_view_at_the_contracts_size():
    made = DexoraEnv("lift", BLIND, render_mode="rgb_array")
    made.reset(seed=0)
    assert made.render().shape == (480, 640, 3)
    made.close()
    assert DexoraEnv("lift", BLIND).render() is None


def test_one_step_is_fifty_milliseconds(env):
    env.reset(seed=0)
    assert env.step(env.twin.targets())[-1]["time_s"] == pytest.approx(0.05)


def test_set_points_between_actions_never_exceed_the_contract(env, contract, monkeypatch):
    env.reset(seed=0)
    seen = [env.twin.targets()]
    original = env.twin.set_targets

    def record(targets):
        original(targets)
        seen.append(env.twin.targets())

    monkeypatch.setattr(env.twin, "set_targets", record)
    env.step(contract.upper_rad.astype(np.float32))
    env.step(contract.lower_rad.astype(np.float32))
    speed = np.abs(np.diff(seen, axis=0)) / env.twin.timestep_s
    assert (speed <= contract.max_velocity_rad_s + 1e-6).all()
    assert len(seen) == 51


def test_delay_leaves_the_robot_still_until_the_action_is_due():
    made = DexoraEnv("lift", EnvConfig(image_size=None, delay_s=0.1))
    made.reset(seed=0)
    start = made.twin.targets()
    action = (start + 0.05).astype(np.float32)
    for _ in range(2):
        made.step(action)
        np.testing.assert_array_equal(made.twin.targets(), start)
    made.step(action)
    np.testing.assert_allclose(made.twin.targets(), made.contract.lower_rad.clip(action), atol=1e-6)
    made.close()


def test_options_change_delay_and_randomisation_for_one_episode(env):
    _, _ = env.reset(seed=2, options={"delay_s": 0.5, "randomisation": Randomisation.off()})
    start = env.twin.targets()
    env.step(start.astype(np.float32) + np.float32(0.05))
    np.testing.assert_array_equal(env.twin.targets(), start)
    env.reset(seed=2)
    assert env.twin.randomisation == Randomisation.train()
    assert not np.array_equal(env.twin.targets(), start)


def test_time_limit_truncates(env):
    env.reset(seed=0)
    hold = env.twin.targets().astype(np.float32)
    steps, is_late = 0, False
    while not is_late:
        _, reward, is_over, is_late, info = env.step(hold)
        assert not is_over
        assert reward == 0.0
        steps += 1
    assert steps == round(env.task.time_limit_s / 0.05)
    assert not info["is_success"]


def test_fallen_object_terminates_with_the_reason(env, puppeteer):
    env.reset(seed=0)
    puppeteer(env.twin).put("can", (1.5, 0.0, 0.3))
    _, _, is_over, is_late, info = env.step(env.twin.targets().astype(np.float32))
    assert is_over
    assert not is_late
    assert info["failure"] == "the can fell off the table"


def test_reward_adds_up_to_the_score(env, puppeteer):
    env.reset(seed=0)
    hand = env.episode.goal.hand
    puppeteer(env.twin).grip(hand, "can", 0.033)
    action = env.twin.targets()
    total = 0.0
    for _ in range(3):
        _, reward, *_, info = env.step(action.astype(np.float32))
        total += float(reward)
    assert info["score"] > 0.0
    assert total == pytest.approx(info["score"])


def test_step_before_reset_says_so():
    with pytest.raises(SimulationError, match="step was called before reset"):
        DexoraEnv("lift", BLIND).step(np.zeros(36, np.float32))


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (np.zeros(35, np.float32), r"has shape \(35,\), must be \(36,\)"),
        (np.full(36, np.nan, np.float32), "action of left_arm_joint_1 is not finite; keep NaN"),
    ],
)
def test_malformed_action_is_refused_and_moves_nothing(env, action, words):
    env.reset(seed=0)
    before = env.twin.data.qpos.copy()
    with pytest.raises(SimulationError, match=words):
        env.step(action)
    np.testing.assert_array_equal(env.twin.data.qpos, before)


def test_unknown_option_lists_the_known_ones(env):
    with pytest.raises(
        SimulationError, match="unknown reset option gravity; there are randomisation, delay_s"
    ):
        env.reset(seed=0, options={"gravity": 1})


@pytest.mark.slow
def test_workers_give_the_trajectories_of_single_environments():
    config = EnvConfig(image_size=(16, 16), views=("top",))
    single = [DexoraEnv("lift", config), DexoraEnv("lift", config)]
    firsts = [made.reset(seed=seed)[0] for made, seed in zip(single, (30, 40), strict=True)]
    plans = [actions(made, 5) for made in single]
    ends = []
    for made, plan in zip(single, plans, strict=True):
        for action in plan:
            last = made.step(action)[0]
        ends.append(last)
    many = make_vector_env("lift", 2, config)
    batch, _ = many.reset(seed=[30, 40])
    assert batch["instruction"] == tuple(first["instruction"] for first in firsts)
    for k in range(5):
        batch, *_ = many.step(np.stack([plan[k] for plan in plans]))
    many.close()
    for index, end in enumerate(ends):
        np.testing.assert_array_equal(batch["position"][index], end["position"])
        np.testing.assert_array_equal(batch["images"]["top"][index], end["images"]["top"])


def test_no_workers_is_refused():
    with pytest.raises(SimulationError, match="number of workers is 0"):
        make_vector_env("lift", 0)
