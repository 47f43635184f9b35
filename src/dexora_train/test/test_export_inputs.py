"""Wrong inputs of an export are refused with a sentence that says what to do; right ones come back equal."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from dexora_core.bundle import load_bundle
from dexora_core.errors import BundleError, ConfigError, DatasetError
from dexora_train.checkpoint import PARTS, check_recipe, load_checkpoint, save_checkpoint
from dexora_train.data import layout
from dexora_train.data.columns import as_array, as_column
from dexora_train.export.cli import app
from dexora_train.export.dataset_observations import observations_from_dataset
from dexora_train.export.graphs import GraphSpec
from dexora_train.export.observations import load_observations, made_up_observations, save_observations
from dexora_train.export.parity import Parity
from dexora_train.export.pipeline import Exported, ExportOptions
from dexora_train.export.report import ExportReport
from dexora_train.export.to_onnx import export_onnx
from dexora_train.learning.errors import TrainingError
from dexora_train.nano_bundle import HALF_RANGE_RAD, nano_checkpoint
from dexora_train.word_tokenizer import word_tokenizer
from tokenizers import Tokenizer
from typer.testing import CliRunner


@pytest.fixture(scope="module")
def checkpoint():
    return nano_checkpoint("nano")


@pytest.fixture(scope="module")
def observations(checkpoint):
    return made_up_observations(checkpoint, 3)


@pytest.fixture
def stored(checkpoint, tmp_path):
    save_checkpoint(checkpoint, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_checkpoint_comes_back_equal(checkpoint, stored):
    found = load_checkpoint(stored)
    assert found.recipe == checkpoint.recipe
    assert found.tokenizer == checkpoint.tokenizer
    for part in PARTS:
        expected = checkpoint.module(part).state_dict()
        assert all(
            torch.equal(value, expected[name]) for name, value in found.module(part).state_dict().items()
        )
        assert not found.module(part).training


def test_checkpoint_without_recipe_is_refused(tmp_path):
    with pytest.raises(BundleError, match="is this the directory of a checkpoint"):
        load_checkpoint(tmp_path)


def test_recipe_with_unknown_key_is_refused(stored):
    recipe = json.loads((stored / "recipe.json").read_text())
    (stored / "recipe.json").write_text(json.dumps({**recipe, "colour": "red"}))
    with pytest.raises(ConfigError, match="unknown key colour"):
        load_checkpoint(stored)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"\xff" + data[1:]])
def test_damaged_weights_are_refused(stored, damage):
    path = stored / "policy.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BundleError, match=r"policy\.safetensors does not fit the recipe"):
        load_checkpoint(stored)


def test_weights_of_another_size_are_refused(stored):
    recipe = json.loads((stored / "recipe.json").read_text())
    recipe["policy"]["layers"] += 1
    (stored / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(BundleError, match=r"does not fit the recipe: Error.* in loading state_dict"):
        load_checkpoint(stored)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens_per_view": 5}, "tokens per view: 17 are made, the policy takes 5"),
        ({"views": 3}, "views: 4 are made, the policy takes 3"),
        ({"joints": 7}, "joints: 36 are made, the policy takes 7"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(checkpoint, changes, message):
    recipe = replace(checkpoint.recipe, policy=replace(checkpoint.recipe.policy, **changes))
    with pytest.raises(ConfigError, match=message):
        check_recipe(recipe)


def test_prefix_as_long_as_the_horizon_is_refused(checkpoint):
    with pytest.raises(ConfigError, match="max_prefix_steps is 16; it must be 0 to 15"):
        check_recipe(replace(checkpoint.recipe, max_prefix_steps=16))
    with pytest.raises(ConfigError, match="n_action_steps is 0; it must be 1 to 15"):
        check_recipe(replace(checkpoint.recipe, n_action_steps=0))
    with pytest.raises(ConfigError, match=r"noise_scale is -1\.0; it must be 0 to 1"):
        check_recipe(replace(checkpoint.recipe, noise_scale=-1.0))


def test_observations_come_back_equal(checkpoint, observations, tmp_path):
    save_observations(observations, tmp_path / "seen.npz")
    found = load_observations(tmp_path / "seen.npz", checkpoint.recipe)
    np.testing.assert_array_equal(found.images, observations.images)
    np.testing.assert_array_equal(found.prefix_rad, observations.prefix_rad)
    assert found.instructions == observations.instructions
    assert found.origin == "seen.npz"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((3, 4, 32, 32, 3), np.uint8)}, r"images is \(3, 4, 32, 32, 3\); the checkpoint"),
        ({"images": np.zeros((3, 4, 64, 64, 3), np.float32)}, "images are float32; they must be uint8"),
        ({"state_rad": np.zeros((3, 35), np.float32)}, r"state_rad is \(3, 35\)"),
        ({"state_rad": np.full((3, 36), np.nan, np.float32)}, "state_rad holds NaN or infinity"),
    ],
)
def test_observations_that_do_not_fit_are_refused(checkpoint, observations, tmp_path, change, message):
    save_observations(replace(observations, **change), tmp_path / "seen.npz")
    with pytest.raises(DatasetError, match=message):
        load_observations(tmp_path / "seen.npz", checkpoint.recipe)


def test_observations_with_a_missing_key_are_refused(checkpoint, tmp_path):
    np.savez(tmp_path / "seen.npz", images=np.zeros(3))
    with pytest.raises(DatasetError, match="has no state_rad, instructions, prefix_rad, prefix_steps"):
        load_observations(tmp_path / "seen.npz", checkpoint.recipe)


def test_pickled_observations_are_not_loaded(checkpoint, tmp_path):
    np.savez(tmp_path / "seen.npz", **dict.fromkeys(("images", "state_rad", "instructions"), np.array([{}])))
    np.savez(
        tmp_path / "seen.npz",
        images=np.array([{"a": 1}], dtype=object),
        **dict.fromkeys(("state_rad", "instructions", "prefix_rad", "prefix_steps"), np.zeros(1)),
    )
    with pytest.raises(DatasetError, match="without pickled objects"):
        load_observations(tmp_path / "seen.npz", checkpoint.recipe)


def small_recipe(checkpoint):
    encoder = replace(checkpoint.recipe.encoder, image_size=32, views=("top", "wrist_left"))
    return replace(checkpoint.recipe, encoder=encoder)


def test_dataset_gives_its_own_frames_with_demonstrated_prefixes(checkpoint, dataset, staged):
    recipe, episodes = small_recipe(checkpoint), staged[1]
    found = observations_from_dataset(dataset(), recipe, count=20)
    assert len(found) == 20
    assert found.images.shape == (20, 2, 32, 32, 3)
    assert found.prefix_rad.shape == (20, 16, 36)
    assert set(found.prefix_steps) == set(range(recipe.max_prefix_steps + 1))
    assert "20 frames of dataset" in found.origin
    known = {
        episode.images["top"][row].tobytes(): (episode, row)
        for episode in episodes
        for row in range(len(episode.state))
    }
    for index, state in enumerate(found.state_rad):
        episode, row = known[found.images[index, 0].tobytes()]
        last = min(row + 14, len(episode.action) - 1)
        assert found.instructions[index] == episode.task
        np.testing.assert_array_equal(state, episode.state[row])
        np.testing.assert_array_equal(found.images[index, 1], episode.images["wrist_left"][row])
        np.testing.assert_array_equal(found.prefix_rad[index, 0], episode.action[max(row - 1, 0)])
        np.testing.assert_array_equal(found.prefix_rad[index, -1], episode.action[last])


def test_dataset_of_another_picture_size_is_refused(checkpoint, dataset):
    recipe = small_recipe(checkpoint)
    larger = replace(recipe, encoder=replace(recipe.encoder, image_size=64))
    with pytest.raises(TrainingError, match=r"32 x 32 pixels .* takes 64 x 64; collect with that size"):
        observations_from_dataset(dataset(), larger, count=4)


def other_rate(info):
    info["fps"] = 30


def other_robot(info):
    info["robot_type"] = "aloha"


def other_order(info):
    for key in (layout.ACTION, layout.STATE):
        info["features"][key]["names"][0:2] = info["features"][key]["names"][1::-1]


def fewer_joints(info):
    for key in (layout.ACTION, layout.STATE):
        info["features"][key] |= {"names": info["features"][key]["names"][:14], "shape": [14]}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (other_rate, "fps is 30, the robot's policy runs at 20"),
        (other_robot, "robot_type is 'aloha'"),
        (other_order, "joint 0 is 'left_arm_joint_2', must be 'left_arm_joint_1'"),
        (fewer_joints, "has 14 joint names, dexora36 has 36"),
    ],
)
def test_dataset_of_something_else_is_not_calibrated_on(checkpoint, dataset, spoil, message):
    root = dataset()
    info = json.loads((root / layout.INFO).read_text())
    spoil(info)
    (root / layout.INFO).write_text(json.dumps(info))
    with pytest.raises(TrainingError, match=message):
        observations_from_dataset(root, small_recipe(checkpoint), count=4)


def test_dataset_with_nan_is_not_calibrated_on(checkpoint, dataset):
    root = dataset(layout.V2)
    path = root / "data/chunk-000/episode_000001.parquet"
    table = pq.read_table(path)
    values = as_array(table[layout.STATE]).copy()
    values[4, 7] = np.nan
    place = table.column_names.index(layout.STATE)
    pq.write_table(table.set_column(place, layout.STATE, as_column(values)), path)
    with pytest.raises(TrainingError, match="state is not finite"):
        observations_from_dataset(root, small_recipe(checkpoint), count=4)


def test_policy_of_other_steps_is_not_calibrated_on_it(checkpoint, dataset):
    recipe = replace(small_recipe(checkpoint), step_dt_s=0.1)
    with pytest.raises(TrainingError, match=r"recorded at 20 Hz, .* plans at 10 Hz"):
        observations_from_dataset(dataset(), recipe, count=4)


def test_graph_too_large_for_a_file_is_refused_before_it_is_exported():
    with torch.device("meta"):
        large = torch.nn.Linear(50_000, 10_000)
    spec = GraphSpec("language", large, {"x": torch.zeros(1, 50_000)}, ("y",), {})
    with pytest.raises(BundleError, match=r"language has 500M weights, 2 GB; one ONNX file holds 1\.9 GB"):
        export_onnx(spec, {})


def test_unknown_int8_is_refused():
    with pytest.raises(ConfigError, match="int8 is 'fast'; allowed are none, dynamic, qdq, both"):
        ExportOptions(int8="fast")


def test_command_writes_a_bundle_and_names_its_directory(stored, observations, tmp_path):
    save_observations(observations, tmp_path / "seen.npz")
    arguments = ["--checkpoint", stored, "--out", tmp_path / "bundle", "--calibration", tmp_path / "seen.npz"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "bundle")
    assert "chunk error" in result.stderr
    assert "Made-up" not in result.stderr
    assert "INT8 was not gated by success" in result.stderr
    assert "INT8 was not gated by success" in (tmp_path / "bundle/parity.md").read_text()
    assert json.loads((tmp_path / "bundle/parity.json").read_text())["gate"] is None
    manifest = load_bundle(tmp_path / "bundle").manifest
    assert manifest.precision == "int8"
    assert {"policy.onnx", "policy.int8.onnx", "encoder.int8.onnx", "policy.safetensors"} <= set(
        manifest.files
    )
    assert manifest.schedule == (0.0, 0.9)


def parity_of(variant, error, is_prefix_exact=True):
    return Parity(variant, 3, error, error, error, 1.0, (error,), (error,), is_prefix_exact)


@pytest.mark.parametrize(
    ("parity", "fault"),
    [
        (parity_of("int8", 0.02), ""),
        (parity_of("int8", 0.021), "int8 has a chunk error of 2.1 %, the bound is 2%"),
        (parity_of("int8", np.nan), "int8 has a chunk error of nan %, the bound is 2%"),
        (parity_of("int8", 0.0, is_prefix_exact=False), "int8 changes committed steps"),
    ],
)
def test_int8_beyond_its_bounds_is_no_default_and_no_success(parity, fault, tmp_path, monkeypatch):
    report = ExportReport("it", "made up", ("joint",), (parity_of("fp32", 0.0), parity), {}, {}, {})
    precision = report.default_precision
    assert (parity.fault, precision) == (fault, "fp32" if fault else "int8")
    bundle = SimpleNamespace(path=tmp_path, manifest=SimpleNamespace(precision=precision))
    monkeypatch.setattr("dexora_train.export.cli._export", lambda *_: Exported(bundle, report))
    result = CliRunner().invoke(app, ["--checkpoint", "any", "--out", str(tmp_path / "bundle")])
    assert result.exit_code == bool(fault)
    if fault:
        assert f"{fault}. fp32 is the default of the bundle" in result.stderr


def test_command_refuses_without_a_checkpoint(tmp_path):
    result = CliRunner().invoke(app, ["--checkpoint", str(tmp_path), "--out", str(tmp_path / "bundle")])
    assert result.exit_code == 1
    assert "recipe.json" in result.stderr
    assert not (tmp_path / "bundle").exists()


def test_nano_policy_moves_slowly_about_home(checkpoint):
    statistics = checkpoint.recipe.statistics
    assert (
        np.array(statistics.action_p99) - np.array(statistics.action_p01)
    ).max() <= 2 * HALF_RANGE_RAD + 1e-6
    policy, config = checkpoint.policy, checkpoint.recipe.policy
    largest, fastest_rad = 0.0, 0.0
    for seed in range(5):
        torch.manual_seed(seed)
        with torch.no_grad():
            context = policy.context(
                torch.randn(1, config.views, config.tokens_per_view, config.width),
                torch.ones(1, config.views, dtype=torch.bool),
                torch.randn(1, config.language.max_tokens, config.language.dim),
                torch.ones(1, config.language.max_tokens, dtype=torch.bool),
                torch.randn(1, config.joints),
                torch.ones(1, config.joints, dtype=torch.bool),
            )
            chunk = torch.zeros(1, config.horizon, config.joints)
            actions = policy.sample(context, chunk, torch.zeros(1, config.horizon, dtype=torch.bool), chunk)
        positions = statistics.denormalise_action(actions[0].numpy())
        largest = max(largest, float(actions.abs().max()))
        fastest_rad = max(fastest_rad, float(np.abs(np.diff(positions, axis=0)).max()))
    assert 0.2 < largest < 1.0
    assert fastest_rad < 0.05


def test_same_seed_gives_the_same_weights_and_another_gives_others():
    first, again, other = (nano_checkpoint("nano", seed).policy.state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_words_get_ids_by_frequency_and_strangers_are_unknown():
    tokenizer = Tokenizer.from_str(word_tokenizer(["touch the cube", "Touch the ball"], 5, 6))
    assert tokenizer.encode("the touch ball").ids == [2, 3, 4, 0, 0, 0]
    assert tokenizer.encode("fly the cube").ids[:3] == [1, 2, 1]
    assert len(tokenizer.encode("the " * 20).ids) == 6


def test_vocabulary_without_room_is_refused():
    with pytest.raises(ConfigError, match="vocabulary is 2"):
        word_tokenizer(["a"], 2, 4)
