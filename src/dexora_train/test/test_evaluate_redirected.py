"""Pins that a wrong instruction changes what is asked for and judged, and nothing that can be seen."""

import numpy as np
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import Reach
from dexora_sim.world import BodyState, HandState, WorldState
from dexora_train.evaluate.redirected import RedirectedReach

SEEDS = range(1_000_000, 1_000_040)
LEVELS = Randomisation.train()


def test_scene_is_the_same_and_the_wish_is_another():
    for seed in SEEDS:
        usual, redirected = (task.episode(seed, LEVELS) for task in (Reach(), RedirectedReach()))
        assert redirected.placements == usual.placements
        assert redirected.colours == usual.colours
        assert redirected.goal.target != usual.goal.target
        assert redirected.goal.hand == usual.goal.hand
        words = f"the {redirected.colours[redirected.goal.target]} {redirected.goal.target}"
        assert words in redirected.instruction


def test_every_object_is_asked_for():
    asked = {RedirectedReach().episode(seed, LEVELS).goal.target for seed in SEEDS}
    assert asked == {"cube", "ball", "cylinder"}


def touching(name, hand, time_s):
    far = HandState(np.array([0.0, 0.0, 2.0]))
    objects = {thing: BodyState(np.array([0.4, 0.0, 0.9])) for thing in ("cube", "ball", "cylinder")}
    hands = {"left": far, "right": far} | {hand: HandState(np.array([0.4, 0.0, 0.95]))}
    return WorldState(time_s, objects, hands, {(hand, name): frozenset({"index"})})


def test_judge_wants_the_redirected_object():
    task = RedirectedReach()
    episode = task.episode(SEEDS[0], LEVELS)
    usual, wanted, hand = (
        Reach().episode(SEEDS[0], LEVELS).goal.target,
        episode.goal.target,
        episode.goal.hand,
    )
    judge = task.predicate(episode)
    judge.update(touching(wanted, hand, 0.0))
    assert judge.update(touching(wanted, hand, 0.2)).is_success
    assert "not the" in task.predicate(episode).update(touching(usual, hand, 0.0)).failure
