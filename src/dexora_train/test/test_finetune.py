"""Pins what an adaptation changes and what it keeps, that it is merged and resumable, and what it refuses."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from dexora_core.errors import ConfigError
from dexora_policy.model import Policy
from dexora_train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from dexora_train.cli import main
from dexora_train.data import layout, truth
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.staging import Staging
from dexora_train.data.writer import DatasetPlan, write_dataset
from dexora_train.learning import stages
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.finetune import FinetuneConfig, adapt, finetune
from dexora_train.learning.frames import unpack
from dexora_train.learning.in_parts import InParts
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.loop_log import Run
from dexora_train.learning.losses import Draws
from dexora_train.learning.observation import Imperfection
from dexora_train.learning.run_folder import checkpoint_hash
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Samples
from dexora_train.learning.tokens import cache_tokens
from dexora_train.learning.train_config import Reports
from dexora_train.learning_cli import read_settings
from dexora_train.nano_bundle import nano_checkpoint

import dexora_train

torch.set_num_threads(1)
CONFIG = FinetuneConfig("", 2, 2, 4, 3e-2, warm_up=1, save_every=2, copies=1)
CONFIGS = Path(dexora_train.__file__).parent / "configs"
PERFECT = Imperfection(0.0, 0.0, 0.0, 0.0)


def write(root, contract, *, size=64, views=None, rate_hz=20, robot=None):
    """Write a dataset of three short motions that a policy of random weights does not know."""
    views, staging = views or contract.views, Staging(root / "staging", rate_hz)
    rng = np.random.default_rng(0)
    for number in range(3):
        ramp = np.linspace(0.0, 0.1, 8)[:, None] * rng.uniform(-1, 1, len(contract.joints))
        state = np.clip(contract.home_rad + ramp, contract.lower_rad, contract.upper_rad).astype(np.float32)
        images = {view: rng.integers(0, 256, (8, size, size, 3), dtype=np.uint8) for view in views}
        facts = np.zeros((8, len(truth.NAMES)), np.float32)
        staging.add(f"e-{number}", RecordedEpisode("pick up the red square can", state, state, images, facts))
    features = layout.features_of(contract, views, (size, size), truth.NAMES)
    plan = DatasetPlan(robot or contract.name, rate_hz, features)
    write_dataset(root / "dataset", plan, staging.episodes())
    return root / "dataset"


@pytest.fixture(scope="module")
def demos(tmp_path_factory, contract):
    return write(tmp_path_factory.mktemp("demos"), contract)


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parent") / "checkpoint"
    nano = nano_checkpoint()
    known = tuple(words for words in nano.recipe.known_instructions if "square" not in words)
    tokenizer = nano.tokenizer.replace('"square"', '"squares"')
    recipe = replace(nano.recipe, name="parent", known_instructions=known)
    save_checkpoint(Checkpoint(recipe, nano.encoder, nano.policy, nano.language, tokenizer), folder)
    return folder


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, parent, demos):
    """The folder of a whole adaptation, and what it said."""
    said = []
    folder = tmp_path_factory.mktemp("tuned") / "run"
    finetune(parent, demos, folder, CONFIG, Reports(stage=said.append))
    return folder, said


def samples_for(checkpoint, demos, folder):
    frames = unpack(demos, folder / "frames")
    tokens = cache_tokens(checkpoint.encoder, frames, folder / "tokens", 1)
    recipe = checkpoint.recipe
    return Samples(frames, tokens, recipe.statistics, checkpoint.tokenizer, horizon=recipe.policy.horizon)


def batch_of(checkpoint, samples, count=8):
    policy = checkpoint.recipe.policy
    draws = Draws(1, 1, (count, policy.horizon, policy.joints), 0)
    device = torch.device("cpu")
    return samples.take(np.arange(count), np.zeros(count, np.intp), device), draws


def acting_of(checkpoint):
    return Acting(checkpoint.encoder, checkpoint.language, checkpoint.policy).eval()


def test_defaults_are_the_recipe_of_the_article():
    config = FinetuneConfig()
    assert (config.epochs, config.batch, config.accumulation, config.learning_rate) == (20, 4, 8, 1e-4)
    stage = config.stage(windows=7500, max_prefix_steps=8)
    assert (stage.batch, stage.loop.steps) == (32, 4688)


@torch.no_grad()
def test_policy_learns_and_everything_else_stays(tuned, parent, demos):
    before, after = load_checkpoint(parent), load_checkpoint(tuned[0] / "checkpoint")
    for part in ("encoder", "language"):
        for name, value in before.module(part).state_dict().items():
            assert torch.equal(value, after.module(part).state_dict()[name]), name
    new = after.policy.state_dict()
    old = before.policy.state_dict()
    changed = {name for name, value in old.items() if not torch.equal(value, new[name])}
    assert changed
    assert all(name.startswith("fusion.") for name in changed), changed
    assert all(name.removesuffix(".weight").endswith(("_proj", "_token", "_tokens")) for name in changed)
    assert {"fusion.task_token.weight", "fusion.joint_tokens.weight"} <= changed
    assert (after.tokenizer, after.recipe.statistics) == (before.tokenizer, before.recipe.statistics)
    samples = samples_for(before, demos, tuned[0])
    sample, draws = batch_of(before, samples)
    stage = StageConfig(8, LoopConfig(1), imperfection=PERFECT)
    untaught, learnt = (acting_of(one)(sample, draws, stage) for one in (before, after))
    assert learnt < 0.97 * untaught


def test_recipe_names_parent_and_new_words(tuned, parent):
    recipe = load_checkpoint(tuned[0] / "checkpoint").recipe
    assert recipe.name == "parent-tuned"
    assert recipe.steps == load_checkpoint(parent).recipe.steps
    assert recipe.known_instructions[-1] == "pick up the red square can"
    weights = checkpoint_hash(parent)
    assert (
        f"adapted from parent (weights of encoder, policy, language: SHA-256 {weights})"
        in (recipe.lineage[-1])
    )
    assert "LoRA of rank 16 and alpha 32, 2 passes over 3 episodes of dataset" in recipe.lineage[-1]


def test_unknown_words_are_told(tuned):
    warnings = [line for line in tuned[1] if line.startswith("warning")]
    assert warnings == ["warning: parent does not know square; it reads them as one word"]


@torch.no_grad()
def test_merged_policy_does_what_the_adapted_one_does(tmp_path, parent, demos):
    old = load_checkpoint(parent)
    samples = samples_for(old, demos, tmp_path)
    with torch.enable_grad():
        run = Run(tmp_path / "run", Accelerator(cpu=True), lambda line: None)
        adapted = adapt(old, samples, replace(CONFIG, epochs=1), run)
    sample, draws = batch_of(old, samples)
    stage = StageConfig(8, LoopConfig(1), imperfection=PERFECT)
    unmerged = acting_of(old)(sample, draws, stage)
    assert any("lora" in name for name, _ in old.policy.named_parameters())
    merged = replace(old, policy=adapted.merge_and_unload())
    assert not any("lora" in name for name, _ in merged.policy.named_parameters())
    torch.testing.assert_close(acting_of(merged)(sample, draws, stage), unmerged, rtol=1e-4, atol=1e-5)
    untouched = acting_of(load_checkpoint(parent))(sample, draws, stage)
    assert not torch.isclose(untouched, unmerged, rtol=1e-3)


def test_parts_of_a_batch_give_the_gradient_of_the_whole(tmp_path, parent, demos):
    old = load_checkpoint(parent)
    acting = acting_of(old)
    sample, draws = batch_of(old, samples_for(old, demos, tmp_path))
    sample = replace(sample, valid=torch.ones_like(sample.valid))
    stage = StageConfig(8, LoopConfig(1), imperfection=PERFECT)
    gradients = []
    for parts in (1, 4):
        acting.zero_grad()
        InParts(acting, parts)(sample, draws, stage).backward()
        gradients.append(acting.policy.fusion.task_token.weight.grad.clone())
    assert gradients[0].abs().max() > 0
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-6)


def test_interrupted_adaptation_ends_with_the_same_weights(tmp_path, tuned, parent, demos, monkeypatch):
    calls = iter(range(1000))
    original = stages.draw

    def stopping(*arguments):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(stages, "draw", stopping)
        with pytest.raises(KeyboardInterrupt):
            finetune(parent, demos, tmp_path / "cut", CONFIG)
    resumed = load_checkpoint(finetune(parent, demos, tmp_path / "cut", CONFIG))
    whole = load_checkpoint(tuned[0] / "checkpoint")
    for name, value in whole.policy.state_dict().items():
        assert torch.equal(value, resumed.policy.state_dict()[name]), name


def test_folder_of_another_adaptation_is_refused(tuned, parent, demos, tmp_path):
    with pytest.raises(TrainingError, match="another epochs; take its settings to go on"):
        finetune(parent, demos, tuned[0], replace(CONFIG, epochs=3))
    shutil.copytree(parent, tmp_path / "other")
    shutil.copy(tmp_path / "other/language.safetensors", tmp_path / "other/more.safetensors")
    with pytest.raises(TrainingError, match="another parent; take its settings"):
        finetune(tmp_path / "other", demos, tuned[0], CONFIG)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"size": 32}, "pictures of 32 x 32 pixels in view 'top', the encoder takes 64 x 64"),
        ({"views": ("top", "front")}, "has no view 'wrist_left'; the encoder looks at top, wrist_left"),
        ({"rate_hz": 10}, "fps is 10, the robot's policy runs at 20; resample it"),
        ({"robot": "aloha"}, "robot_type is 'aloha', this is 'dexora36'"),
    ],
)
def test_dataset_that_does_not_fit_is_refused(tmp_path, parent, contract, settings, text):
    with pytest.raises(TrainingError, match=text):
        finetune(parent, write(tmp_path, contract, **settings), tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()


def test_checkpoint_that_cannot_learn_is_refused(tmp_path, parent, demos):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/manifest.json").write_text("{}")
    with pytest.raises(TrainingError, match="is an exported bundle; give the checkpoint"):
        finetune(tmp_path / "bundle", demos, tmp_path / "run", CONFIG)
    shutil.copytree(parent, tmp_path / "run_folder/checkpoint")
    with pytest.raises(TrainingError, match="give the folder 'checkpoint' of a run"):
        finetune(tmp_path / "run_folder", demos, tmp_path / "run", CONFIG)
    (tmp_path / "run_folder/checkpoint/policy.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"has no policy.safetensors; without training weights nothing"):
        finetune(tmp_path / "run_folder/checkpoint", demos, tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()


def test_distilled_policy_is_refused(tmp_path, parent, demos):
    shutil.copytree(parent, tmp_path / "student")
    recipe = json.loads((tmp_path / "student/recipe.json").read_text())
    recipe["policy"]["head"], recipe["steps"] = "v", 2
    (tmp_path / "student/recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(TrainingError, match="was distilled to 2 steps, which further training undoes"):
        finetune(tmp_path / "student", demos, tmp_path / "run", CONFIG)


def test_senseless_settings_are_refused():
    with pytest.raises(ConfigError, match="accumulation is 0; it must be at least 1"):
        FinetuneConfig(accumulation=0)
    with pytest.raises(ConfigError, match="unknown key rank"):
        FinetuneConfig.from_dict({"rank": 8})


def test_command_says_in_one_sentence_what_is_wrong(tmp_path, monkeypatch, capsys):
    words = ["dexora-train", "finetune", str(tmp_path), str(tmp_path), str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", words)
    assert main() == 1
    assert "has no recipe.json; give the folder 'checkpoint' of a run" in capsys.readouterr().err


def test_shipped_settings_are_the_defaults(tmp_path):
    assert FinetuneConfig.from_dict(read_settings(CONFIGS / "finetune.yaml")) == FinetuneConfig()
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(ConfigError, match="holds no settings; write them as 'name: value'"):
        read_settings(tmp_path / "list.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")


def test_state_is_known_where_targets_are_counted_from_it(tmp_path, demos):
    """The parent was; an adaptation that is not learns other targets and forgets its own."""
    nano = nano_checkpoint()
    policy = Policy(replace(nano.recipe.policy, action_frame="relative"))
    recipe = replace(nano.recipe, policy=policy.config)
    save_checkpoint(
        Checkpoint(recipe, nano.encoder, policy, nano.language, nano.tokenizer), tmp_path / "parent"
    )
    config = replace(CONFIG, imperfection=Imperfection(state_dropout=0.05))
    with pytest.raises(ConfigError, match=r"state_dropout is 0\.05, but the policy counts its targets"):
        finetune(tmp_path / "parent", demos, tmp_path / "run", config)
    assert not (tmp_path / "run").exists()
    assert FinetuneConfig().imperfection.state_dropout == 0.0
