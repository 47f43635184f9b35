"""A finished run in a second: a robot of two joints that waves to one side or the other, at random."""

import json
from dataclasses import replace

import numpy as np
import torch
from accelerate import Accelerator
from dexora_core.bundle import make_statistics
from dexora_core.records import to_dict
from dexora_perception.model import EncoderConfig, VisualEncoder
from dexora_policy.model import LanguageConfig, Policy, PolicyConfig, build_language
from dexora_train.checkpoint import Checkpoint, Recipe, save_checkpoint
from dexora_train.learning.frames import Frames
from dexora_train.learning.loop import LoopConfig, Run
from dexora_train.learning.stage_config import StageConfig
from dexora_train.learning.stages import Acting, Samples, learn_to_act
from dexora_train.learning.tokens import cache_tokens
from dexora_train.learning.train_config import TrainConfig
from dexora_train.word_tokenizer import word_tokenizer

# Its networks are so small that threads cost more than they give.
torch.set_num_threads(1)
HORIZON, JOINTS, EPISODES, LENGTH = 8, 2, 24, 16
LANGUAGE = LanguageConfig("tiny", 16, max_tokens=4, layers=1, heads=2, vocabulary=8)
ENCODER = EncoderConfig("vit", 16, 16, 16, 1, 2, 16, ("top",), frozen=False)
POLICY = PolicyConfig(16, 2, 1, HORIZON, views=1, tokens_per_view=2, language=LANGUAGE, joints=JOINTS)


def make_frames(directory):
    """Write the arrays that `unpack` would; each episode waves up or down, as nothing before it tells."""
    rng = np.random.default_rng(0)
    directory.mkdir(parents=True)
    wave = np.sin(np.linspace(0.0, np.pi, LENGTH))[:, None] * [1.0, 0.5]
    signs = np.where(np.arange(EPISODES) % 2, 1.0, -1.0)[:, None, None]
    action = (signs * wave + 0.02 * rng.normal(size=(EPISODES, LENGTH, JOINTS))).reshape(-1, JOINTS)
    np.save(directory / "action.npy", action.astype(np.float32))
    state = rng.uniform(-1.0, 1.0, action.shape)
    np.save(directory / "state.npy", state.astype(np.float32))
    np.save(directory / "images.npy", rng.integers(0, 256, (len(action), 1, 16, 16, 3), dtype=np.uint8))
    spans = [
        {"first": LENGTH * k, "length": LENGTH, "task": "wave", "is_held_out": k < 4} for k in range(EPISODES)
    ]
    index = {"dataset": "made", "views": ["top"], "spans": spans}
    (directory / "index.json").write_text(json.dumps(index))
    return Frames(directory)


def finished_run(folder, head, steps):
    """Train a policy on it and leave everything where `train` does; returns the folder."""
    frames = make_frames(folder / "frames")
    config = TrainConfig(name="waver", head=head, acting=LoopConfig(steps, 3e-3, 10, save_every=1000))
    torch.manual_seed(0)
    encoder, policy_config = VisualEncoder(ENCODER), replace(POLICY, head=head)
    tokens = cache_tokens(encoder, frames, folder / "tokens", 1)
    one = np.ones(JOINTS)
    statistics = make_statistics(
        action_p01=-one, action_p99=one, state_p01=-one, state_p99=one, dataset="made"
    )
    tokenizer = word_tokenizer(["wave"], LANGUAGE.vocabulary, LANGUAGE.max_tokens)
    acting = Acting(encoder, build_language(LANGUAGE), Policy(policy_config))
    samples = Samples(frames, tokens, statistics, tokenizer, horizon=HORIZON)
    stage = StageConfig(32, config.acting, max_prefix_steps=3, imperfection=config.imperfection)
    learn_to_act(acting, samples, stage, Run(folder / "acting", Accelerator(cpu=True), lambda line: None))
    recipe = Recipe(
        "waver", "dexora36", ENCODER, policy_config, 5, 0.05, 3, statistics, ("wave",), lineage=("made up",)
    )
    save_checkpoint(
        Checkpoint(recipe, encoder, acting.policy, acting.language, tokenizer), folder / "checkpoint"
    )
    (folder / "config.json").write_text(json.dumps(to_dict(config)))
    return folder
