"""Pins that every thing of a scene is asked about by its colour, and that a policy learns to listen."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from dexora_core.bundle import make_statistics
from dexora_perception.model import EncoderConfig, VisualEncoder
from dexora_policy.model import LanguageConfig, Policy, PolicyConfig, build_language
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.tasks.base import COLOURS
from dexora_train.data import truth
from dexora_train.data.scenes import FIRST_SCENE_SEED, SceneConfig, Scenes
from dexora_train.learning import words
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.loop_log import Run
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.words import Listening, Questions, learn_words
from dexora_train.word_tokenizer import word_tokenizer

LANGUAGE = LanguageConfig("tiny", 32, max_tokens=16, layers=1, heads=2, vocabulary=256)
ENCODER = EncoderConfig("vit", 16, 16, 32, 1, 2, 32, ("top",))
POLICY = PolicyConfig(32, 2, 1, 8, views=1, tokens_per_view=1, language=LANGUAGE, joints=36)
CONFIG = SceneConfig(("reach",), 4, image_size=16, grid=1)


@pytest.fixture(scope="module")
def asked():
    return list(words._questions(CONFIG))


def test_every_thing_is_asked_about_in_words_that_name_its_colour(asked):
    assert [number for number, _, _ in asked] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert all(colour in text for _, text, colour in asked)
    assert all(len({colour for number, _, colour in asked if number == k}) == 3 for k in range(4))


def test_bottle_is_asked_about_and_its_cap_is_not():
    drawn, task = SceneConfig(("open_bottle",), 6), make_task("open_bottle")
    bottles = [
        task.choose(FIRST_SCENE_SEED + number, Randomisation.train())[2]["bottle"] for number in range(6)
    ]
    assert [colour for _, _, colour in words._questions(drawn)] == bottles


@pytest.fixture(scope="module")
def questions(asked):
    """Questions about four scenes, in which each colour has a place of its own."""
    found = np.zeros((CONFIG.count, len(truth.NAMES)), np.float32)
    for number, _, colour in asked:
        place = words.WORKSPACE_M + 0.1 * list(COLOURS).index(colour)
        found[number, [truth.NAMES.index(f"{colour}_{axis}") for axis in "xyz"]] = place
    images = np.random.default_rng(0).integers(0, 256, (CONFIG.count, 1, 16, 16, 3), dtype=np.uint8)
    scenes = Scenes(("top",), images, found, np.zeros((CONFIG.count, 1, 1, 1, 1), np.float16))
    one = np.ones(36)
    statistics = make_statistics(
        action_p01=-one, action_p99=one, state_p01=-one, state_p99=one, dataset="made"
    )
    tokenizer = word_tokenizer([text for _, text, _ in asked], LANGUAGE.vocabulary, LANGUAGE.max_tokens)
    poses_rad = np.zeros((2, 36), np.float32)
    return Questions(scenes, CONFIG, poses_rad, VisualEncoder(ENCODER).eval(), statistics, tokenizer)


def test_answer_is_where_the_named_thing_is(questions):
    drawn = questions.drawn(0, len(questions), 0, Accelerator(cpu=True))
    torch.testing.assert_close(drawn.place, 0.1 * drawn.colour[:, None].repeat(1, 3).float())
    assert drawn.tokens.shape[0] == drawn.ids.shape[0] == drawn.state.shape[0] == len(questions)


@pytest.mark.slow
def test_only_words_can_tell_and_the_task_token_learns_to_read_them(questions, tmp_path):
    torch.manual_seed(0)
    listening = Listening(VisualEncoder(ENCODER), build_language(LANGUAGE), Policy(POLICY))
    drawn = questions.drawn(0, len(questions), 0, Accelerator(cpu=True))
    before = float(listening(drawn).detach())
    config = StageConfig(8, LoopConfig(150, 3e-3, 10, save_every=1000))
    learn_words(listening, questions, config, Run(tmp_path, Accelerator(cpu=True), lambda line: None))
    after = float(listening.eval()(drawn).detach())
    deaf = replace(
        drawn, ids=drawn.ids[:1].expand_as(drawn.ids), id_mask=drawn.id_mask[:1].expand_as(drawn.id_mask)
    )
    assert after < 0.1 * before
    assert float(listening(deaf).detach()) > 3 * after
