"""What every task promises: wording, a layout from its seed, and a world that starts at rest, untouched."""

from __future__ import annotations

import re

import numpy as np
import pytest
from dexora_sim.contacts import HANDS
from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import COLOURS, TASKS, make_task
from dexora_sim.tasks.furniture import TABLE_CENTRE_X_M, TABLE_SIZE_M, TABLE_TOP_M

TRAIN = Randomisation.train()
NAMES = sorted(TASKS)


@pytest.mark.parametrize("name", NAMES)
def test_episode_is_a_pure_function_of_the_seed(name):
    assert make_task(name).episode(11, TRAIN) == make_task(name).episode(11, TRAIN)


@pytest.mark.parametrize("name", NAMES)
def test_goal_has_at_least_four_phrasings_and_seeds_use_all_of_them(name):
    task = make_task(name)
    patterns = set()
    for seed in range(150):
        episode = task.episode(seed, TRAIN)
        phrasings = task.phrasings(episode.goal)
        assert len(set(phrasings)) >= 4
        patterns.add(phrasings.index(episode.instruction))
    assert patterns == set(range(len(phrasings)))


@pytest.mark.parametrize("name", NAMES)
def test_instruction_names_colour_shape_and_hand(name):
    task = make_task(name)
    for seed in range(40):
        goal = task.episode(seed, TRAIN).goal
        for sentence in task.phrasings(goal):
            assert goal.colour in sentence
            assert goal.shape in sentence
            words = {"both": "two hands|both hands", "either": ""}.get(goal.hand, f"{goal.hand} hand")
            assert re.search(words, sentence)
            assert re.fullmatch(r"[a-z][a-z ,]+[a-z]", sentence)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_cover_all_hands_and_colours(name):
    goals = [make_task(name).episode(seed, TRAIN).goal for seed in range(150)]
    assert {goal.colour for goal in goals} == set(COLOURS)
    hands = {goal.hand for goal in goals}
    assert hands in (set(HANDS), {"both"}, {"either"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", ["off", "train", "ood"])
def test_objects_stand_apart_on_the_table(name, level):
    task = make_task(name)
    for seed in range(60):
        places = list(task.episode(seed, Randomisation.off().but(pose=level)).placements.values())
        for place in places:
            assert abs(place.x_m - TABLE_CENTRE_X_M) < TABLE_SIZE_M[0] / 2 - 0.1
            assert abs(place.y_m) < TABLE_SIZE_M[1] / 2 - 0.1
        spots = np.array([(place.x_m, place.y_m) for place in places])
        for first in range(len(spots)):
            for second in range(first):
                assert np.linalg.norm(spots[first] - spots[second]) > 0.075


@pytest.mark.parametrize("name", NAMES)
def test_world_starts_at_rest_and_untouched(twins, name):
    twin = twins(name)
    for seed in range(6):
        twin.reset(seed, randomisation=TRAIN)
        before = twin.world()
        assert not before.contacts
        twin.step(150)
        after = twin.world()
        for body, state in before.objects.items():
            assert state.position[2] > TABLE_TOP_M
            moved_m = float(np.linalg.norm(after.objects[body].position - state.position))
            assert moved_m < 0.003, f"{body} moved {moved_m * 1000:.1f} mm by itself"


@pytest.mark.parametrize("name", NAMES)
def test_robot_that_does_nothing_neither_succeeds_nor_fails(twins, name):
    twin = twins(name)
    episode = twin.reset(3, randomisation=TRAIN)
    judge = twin.scene.predicate(episode)
    for _ in range(20):
        twin.step(25)
        progress = judge.update(twin.world())
    assert progress.score == 0.0
    assert not progress.is_success
    assert not progress.failure


@pytest.mark.parametrize("name", NAMES)
def test_time_limit_leaves_room_for_the_hold(name):
    assert 5.0 <= make_task(name).time_limit_s <= 60.0


def test_unknown_task_lists_the_known_ones():
    with pytest.raises(SimulationError, match="task 'juggle' is unknown; there are reach, "):
        make_task("juggle")


def test_colours_of_an_episode_are_painted(twins):
    twin = twins("reach")
    episode = twin.reset(8, randomisation=Randomisation.off())
    assert len(set(episode.colours.values())) == 3
    for body, colour in episode.colours.items():
        geom = int(twin.model.body(body).geomadr[0])
        np.testing.assert_allclose(twin.model.geom_rgba[geom], COLOURS[colour], rtol=1e-6)


def test_reach_either_leaves_the_hand_open():
    episode = make_task("reach_either").episode(0, TRAIN)
    assert episode.goal.hand == "either"
    assert "hand" not in make_task("reach_either").phrasings(episode.goal)[0]
