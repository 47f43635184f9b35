"""Pins that an evaluation asks a network what a robot would ask it, by the same functions."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from dexora_core.bundle import make_statistics
from dexora_core.errors import ConfigError
from dexora_perception.preprocess import resize
from dexora_train.checkpoint import save_checkpoint
from dexora_train.evaluate.bundle_model import bundle_model
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.open_loop import OpenLoop, RecordedSight
from dexora_train.evaluate.open_loop_plot import error_grid, to_svg
from dexora_train.evaluate.opening import identify, open_network
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.nano_bundle import nano_checkpoint
from tokenizers import Tokenizer

WORDS = "touch the red ball with the left hand"


@pytest.fixture(scope="module")
def checkpoint(contract):
    """Random weights whose chunks begin as noise, near enough to home for no joint to be refused."""
    found, home = nano_checkpoint("nano", 0, head="flow"), np.array(contract.home_rad)
    statistics = make_statistics(
        action_p01=home - 0.01,
        action_p99=home + 0.01,
        state_p01=contract.lower_rad,
        state_p99=contract.upper_rad,
        dataset="none",
    )
    return replace(found, recipe=replace(found.recipe, statistics=statistics))


@pytest.fixture(scope="module")
def folder(checkpoint, tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint")
    save_checkpoint(checkpoint, path)
    return path


def opened(folder, contract, **settings):
    return open_network(str(folder), contract, EvaluationSettings(**settings))


@pytest.fixture(scope="module")
def sight(contract):
    rng = np.random.default_rng(0)
    views = {view: rng.integers(0, 256, (240, 320, 3), dtype=np.uint8) for view in contract.views}
    return RecordedSight(0, np.array(contract.home_rad), WORDS, views)


def test_chunk_is_that_of_the_networks_themselves(checkpoint, folder, contract, sight):
    """The same seed's noise, pictures by the robot's resize, tokens rounded as they travel."""
    model = opened(folder, contract, steps=10)
    model.restart(sight, 7)
    prefix = np.tile(sight.position, (2, 1))
    found = model.predict(sight, prefix).positions
    recipe = checkpoint.recipe
    pictures = np.stack([resize(picture, recipe.encoder.image_size) for picture in sight.by_view.values()])
    noise = np.random.default_rng(7).standard_normal((1, *found.shape), dtype=np.float32)
    ids, mask = _ids(checkpoint)
    committed = np.zeros((1, *found.shape), np.float32)
    committed[0, :2] = recipe.statistics.normalise_action(prefix)
    with torch.no_grad():
        tokens = checkpoint.encoder(torch.from_numpy(pictures)[None], torch.arange(4)).half().float()
        state = torch.from_numpy(recipe.statistics.normalise_state(sight.position)[None])
        context = checkpoint.policy.context(
            tokens,
            torch.ones(1, 4, dtype=torch.bool),
            checkpoint.language(ids, mask),
            mask > 0,
            state,
            torch.ones_like(state, dtype=torch.bool),
        )
        is_committed = torch.arange(found.shape[0])[None] < 2
        actions = checkpoint.policy.sample(
            context, torch.from_numpy(committed), is_committed, torch.from_numpy(noise), 10
        )
    expected = recipe.statistics.denormalise_action(actions[0].numpy())
    assert found == pytest.approx(np.clip(expected, contract.lower_rad, contract.upper_rad), abs=2e-4)
    assert found[:2] == pytest.approx(prefix, abs=1e-6)


def _ids(checkpoint):
    words = checkpoint.recipe.policy.language.max_tokens
    found = Tokenizer.from_str(checkpoint.tokenizer).encode(WORDS).ids[:words]
    ids = torch.zeros(1, words, dtype=torch.int64)
    mask = torch.zeros(1, words, dtype=torch.int64)
    ids[0, : len(found)], mask[0, : len(found)] = torch.tensor(found), 1
    return ids, mask


def test_noise_belongs_to_the_episode(folder, contract, sight):
    model, nothing = opened(folder, contract), np.empty((0, 36))
    chunks = []
    for seed in (1, 2, 1):
        model.restart(sight, seed)
        chunks.append(model.predict(sight, nothing).positions)
    assert np.array_equal(chunks[0], chunks[2])
    assert not np.array_equal(chunks[0], chunks[1])


def test_noise_is_as_large_as_asked_for(folder, contract, sight):
    """Two seeds of no noise are one chunk, and less noise is nearer to it."""
    chunks = {}
    for scale in (0.0, 0.1, 1.0):
        model = opened(folder, contract, noise_scale=scale)
        for seed in (1, 2):
            model.restart(sight, seed)
            chunks[scale, seed] = model.predict(sight, np.empty((0, 36))).positions
    assert np.array_equal(chunks[0.0, 1], chunks[0.0, 2])
    off = [np.abs(chunks[scale, 1] - chunks[0.0, 1]).max() for scale in (0.0, 0.1, 1.0)]
    assert off == sorted(off)
    assert off[1] > 0.0


def test_noise_that_no_policy_starts_from_is_refused(folder, contract):
    with pytest.raises(EvaluationError, match=r"noise_scale is 1\.5; it must lie from 0 to 1"):
        opened(folder, contract, noise_scale=1.5)


@pytest.mark.parametrize("settings", [{"steps": 4}, {"noise_scale": 0.5}])
def test_bundle_takes_no_other_sampling_than_its_own(tmp_path, contract, settings):
    with pytest.raises(EvaluationError, match="has its denoising steps and noise built in"):
        bundle_model(tmp_path, contract, EvaluationSettings(**settings))


def test_identity_changes_with_every_byte(folder, tmp_path, checkpoint):
    recipe = replace(checkpoint.recipe, max_prefix_steps=3)
    save_checkpoint(replace(checkpoint, recipe=recipe), tmp_path)
    assert identify(str(tmp_path)).digest != identify(str(folder)).digest
    assert identify(str(folder)) == identify(str(folder))


def test_settings_of_bundles_are_refused_for_a_checkpoint(folder, contract):
    with pytest.raises(EvaluationError, match="export it for int8"):
        opened(folder, contract, precision="int8")


def test_impossible_number_of_steps_is_refused(contract, tmp_path):
    save_checkpoint(nano_checkpoint("nano", 0, head="mip"), tmp_path)
    with pytest.raises(ConfigError, match="steps is 10; head 'mip' takes exactly 2"):
        opened(tmp_path, contract, steps=10)


def test_view_that_was_not_recorded_is_named(folder, contract, sight):
    model = opened(folder, contract)
    model.restart(sight, 0)
    blind = replace(sight, by_view={"top": sight.by_view["top"]})
    with pytest.raises(EvaluationError, match="no view wrist_left, wrist_right, front"):
        model.predict(blind, np.empty((0, 36)))


@pytest.fixture
def predicted():
    demonstrated = np.linspace(0.0, 1.0, 11)[:, None] * np.ones(2)
    # Step 0 is due at the observation: it is the action of the frame before.
    frames = np.maximum(np.array([[0], [5]]) + np.arange(8) - 1, 0)
    chunks = 0.1 * frames[..., None] * np.ones(2)
    chunks[:, :, 1] += 0.01
    return OpenLoop(3, WORDS, demonstrated, (0, 5), chunks)


def test_open_loop_error_ends_with_the_demonstration(predicted):
    errors = predicted.errors()
    assert errors[0] == pytest.approx(np.tile([0.0, 0.01], (8, 1)), abs=1e-9)
    assert np.isfinite(errors[1, :7]).all()
    assert np.isnan(errors[1, 7:]).all()


def test_open_loop_table_has_a_row_per_joint(predicted):
    grid = error_grid([predicted], ("one", "two"))
    assert grid.columns == ("joint", "all steps [rad]", "step 0 [rad]", "step 4 [rad]", "step 7 [rad]")
    assert grid.rows[0] == ("one", "0.0000", "0.0000", "0.0000", "0.0000")
    assert grid.rows[1][1] == "0.0100"


def test_plot_shows_each_joint_and_every_chunk(predicted):
    root = ElementTree.fromstring(to_svg(predicted, ("one", "two"), 20))
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 * 3
    lengths = [len(line.attrib["points"].split()) for line in lines]
    assert lengths == [8, 7, 11, 8, 7, 11], "a chunk is drawn to the end of the episode"
