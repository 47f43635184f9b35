"""Pins that chunks reach the robot as through the real nodes: late by the delay, and known before."""

from dataclasses import replace

import numpy as np
import pytest
from dexora_core.clock import NS_PER_MS
from dexora_core.faults import make_fault
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import MIN_PREFIX_STEPS
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import make_expert
from dexora_sim.experts.demonstration import demonstrate
from dexora_train.evaluate.episode import START_NS, play
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.loop import make_loop
from dexora_train.evaluate.model import ChunkShape
from dexora_train.evaluate.opening import open_model
from dexora_train.evaluate.scene import Scene
from dexora_train.evaluate.settings import EvaluationSettings

SEEDS = (1_000_000, 1_000_001)
STEP_NS = 50 * NS_PER_MS
SHAPE = ChunkShape(32, STEP_NS, 8)


class Walker:
    """Drives a loop with a motion that is a function of time, and writes down what is commanded."""

    def __init__(self, contract, settings, speed=0.1, is_blocked=False, shape=SHAPE):
        self.speed, self.is_blocked = speed, is_blocked
        self.home = np.array(contract.home_rad)
        self.loop = make_loop(contract, shape, settings, self.home, START_NS)
        self.commanded = {START_NS: self.home}
        self.asked_ns, self.plans = [], []

    def wanted(self, at_ns):
        position = self.home.copy()
        position[0] += self.speed * (at_ns - START_NS) / 1e9
        return position

    def walk(self, steps, answer=None):
        for step in range(steps):
            now_ns = START_NS + step * STEP_NS
            plan = self.loop.wants(now_ns)
            if plan is not None:
                self.asked_ns.append(now_ns)
                self.plans.append(plan)
                chunk = np.stack([self.wanted(plan.start_ns + k * STEP_NS) for k in range(32)])
                chunk[: len(plan.prefix)] = plan.prefix if len(plan.prefix) else chunk[:0]
                self.loop.answer(plan, answer or Prediction(chunk.astype(np.float32), 0), self.home)
            measured = self.home if self.is_blocked else self.commanded[now_ns]
            self.commanded[now_ns + STEP_NS] = self.loop.advance(now_ns, now_ns + STEP_NS, measured)
            if self.loop.end is not None:
                return

    def moved_ms(self):
        """Return after how much time the first joint has left its place [ms]."""
        away = [t for t, position in self.commanded.items() if abs(position[0] - self.home[0]) > 1e-4]
        return (min(away) - START_NS) // NS_PER_MS


PREFIX_MS = MIN_PREFIX_STEPS * STEP_NS / NS_PER_MS
"""So much of the motion in force, rest at first, each chunk continues at least."""


@pytest.mark.parametrize("strategy", ["prefix", "blend", "queue", "ensemble", "replay"])
@pytest.mark.parametrize("delay_ms", [0, 200, 400])
def test_nothing_moves_before_the_delay_is_over_and_soon_after_everything_does(contract, strategy, delay_ms):
    walker = Walker(contract, EvaluationSettings(strategy=strategy, delay_ms=delay_ms))
    walker.walk(24)
    assert delay_ms <= walker.moved_ms() <= max(delay_ms + 150, PREFIX_MS)
    end_ns = START_NS + 24 * STEP_NS
    if strategy != "replay":
        assert walker.commanded[end_ns][0] == pytest.approx(walker.wanted(end_ns)[0], abs=2e-3)


def test_policy_is_told_what_will_be_commanded(contract):
    walker = Walker(contract, EvaluationSettings(delay_ms=200))
    walker.walk(30)
    plan = walker.plans[-2]
    assert len(plan.prefix) == 5, "200 ms and the lookahead of 30 ms are five steps begun"
    for k, told in enumerate(plan.prefix):
        assert walker.commanded[plan.start_ns + k * STEP_NS] == pytest.approx(told, abs=2e-3)


def test_one_inference_is_under_way_at_a_time(contract):
    walker = Walker(contract, EvaluationSettings(delay_ms=200))
    walker.walk(17)
    assert np.diff(walker.asked_ns).tolist() == [200 * NS_PER_MS] * 4


def test_without_delay_every_step_is_planned_anew_unless_a_period_is_given(contract):
    walker = Walker(contract, EvaluationSettings())
    walker.walk(10)
    assert len(walker.asked_ns) == 10
    walker = Walker(contract, EvaluationSettings(period_ms=200))
    walker.walk(10)
    assert np.diff(walker.asked_ns).tolist() == [200 * NS_PER_MS] * 2


@pytest.mark.parametrize(("delay_ms", "period_ms"), [(0, 150), (200, 200)])
def test_model_is_asked_as_often_as_it_is_meant_to_be_unless_it_is_too_slow(contract, delay_ms, period_ms):
    shape = replace(SHAPE, n_action_steps=3)
    walker = Walker(contract, EvaluationSettings(delay_ms=delay_ms), shape=shape)
    walker.walk(30)
    assert np.diff(walker.asked_ns)[1:].mean() == pytest.approx(period_ms * NS_PER_MS, rel=0.1)


def test_released_loop_stands_still_while_it_thinks_and_plays_every_step_of_the_chunk(contract):
    walker = Walker(contract, EvaluationSettings(strategy="release", delay_ms=120))
    walker.walk(40)
    moves = np.array([walker.commanded[START_NS + k * STEP_NS][0] for k in range(41)]) - walker.home[0]
    assert not moves[:4].any(), "120 ms are three steps of 50 ms, and step 0 of the chunk is where it stood"
    played = moves[4:36]
    assert played == pytest.approx(0.1 * 0.05 * np.arange(32), abs=1e-6)
    assert np.diff(walker.asked_ns).tolist() == [35 * STEP_NS]


def test_run_that_gives_no_chunk_ends_as_on_the_robot(contract):
    walker = Walker(contract, EvaluationSettings())
    walker.walk(30, make_fault("DX-POL-011", 0, detail="step 3"))
    assert walker.loop.end is not None
    assert walker.loop.end.code == "DX-POL-017"
    assert walker.loop.discarded == 11, "one each 50 ms, for 0.5 s"
    assert all(np.abs(position - walker.home).max() < 1e-5 for position in walker.commanded.values())


@pytest.mark.parametrize(("speed", "code"), [(0.8, "DX-GRP-005"), (0.3, "DX-GAT-007")])
def test_arm_that_is_held_off_its_command_stops_the_robot_as_the_command_path_would(contract, speed, code):
    walker = Walker(contract, EvaluationSettings(period_ms=200), speed, is_blocked=True)
    walker.walk(40)
    assert walker.loop.end is not None
    assert walker.loop.end.code == code


def test_arm_that_is_held_stops_nobody_without_a_gate(contract):
    walker = Walker(contract, EvaluationSettings(has_gate=False), 0.8, is_blocked=True)
    walker.walk(40)
    assert walker.loop.end is None


def test_targets_stay_inside_the_limits_whatever_a_model_wants(contract):
    walker = Walker(contract, EvaluationSettings())
    wild = np.random.default_rng(0).uniform(contract.lower_rad, contract.upper_rad, (32, 36))
    walker.walk(30, Prediction(wild.astype(np.float32), 0))
    motion = np.stack(list(walker.commanded.values()))
    assert (np.abs(np.diff(motion, axis=0)) <= contract.max_velocity_rad_s * 0.05 + 1e-9).all()


@pytest.fixture(scope="module")
def scene():
    return Scene("reach", EvaluationSettings())


def test_expert_as_a_policy_does_what_the_expert_does(scene):
    settings = EvaluationSettings()
    model = open_model("expert", scene.contract, settings)
    env = DexoraEnv("reach", EnvConfig(image_size=None))
    expert = make_expert("reach", scene.contract)
    for seed in SEEDS:
        through, directly = play(scene, model, settings, seed), demonstrate(env, expert, seed)
        assert (through.is_success, through.stages) == (directly.is_success, directly.stages)
        assert through.time_s == pytest.approx(directly.time_s, abs=0.5)
        assert through.first_touched == through.wanted


def test_episode_does_not_depend_on_what_was_played_before(scene):
    settings = EvaluationSettings(delay_ms=100)
    model = open_model("expert", scene.contract, settings)
    first, other, again = (play(scene, model, settings, seed) for seed in (SEEDS[0], SEEDS[1], SEEDS[0]))
    assert replace(first, wall_s=0.0) == replace(again, wall_s=0.0)
    assert other.instruction != first.instruction


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"strategy": "hope"}, "strategy is 'hope'; choose one of .*release"),
        ({"outside": ("smell",)}, "by smell; choose of object, colour"),
        ({"delay_ms": -1}, "delay_ms is -1; it must lie from 0"),
        ({"period_ms": 10}, "period_ms is 10; it must be 0 or lie from 50"),
    ],
)
def test_settings_that_mean_nothing_are_refused(change, text):
    with pytest.raises(EvaluationError, match=text):
        EvaluationSettings(**change)


def test_switches_move_their_own_aspects_only():
    levels = EvaluationSettings(outside=("object", "light")).levels()
    moved = {"size", "mass", "friction", "light"}
    for aspect in ("size", "mass", "friction", "light", "colour", "camera", "distractor", "texture", "pose"):
        assert getattr(levels, aspect) == ("ood" if aspect in moved else "train")
