"""Pins that a run can be stopped anywhere, gives the same result by seed, and learns what it is shown."""

import json
import math
import re
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from accelerate import Accelerator
from dexora_core.bundle.files import file_sha256
from dexora_core.errors import ConfigError
from dexora_core.records import to_dict
from dexora_policy.model import Policy
from dexora_policy.model import preset as policy_preset
from dexora_policy.model.context import Context
from dexora_train.checkpoint import load_checkpoint
from dexora_train.data import truth
from dexora_train.learning import frames as frames_module
from dexora_train.learning import seeing_run, snapshot
from dexora_train.learning import train as training
from dexora_train.learning.distill import DistillConfig
from dexora_train.learning.ema import Average
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.finetune import FinetuneConfig
from dexora_train.learning.finished_run import open_finished
from dexora_train.learning.frames import Span, unpack
from dexora_train.learning.loop import LoopConfig, learning_rate, train_loop
from dexora_train.learning.loop_log import Run
from dexora_train.learning.losses import Draws, policy_loss
from dexora_train.learning.observation import Imperfection, seen_views
from dexora_train.learning.pretraining import answers, augmented, lights, patch_loss
from dexora_train.learning.run_folder import checkpoint_hash, claim
from dexora_train.learning.stages import Samples
from dexora_train.learning.train_config import SAMPLING, Reports, TrainConfig
from dexora_train.learning.windows import Windows, draw
from dexora_train.learning.words import known_of, sentences_of
from dexora_train.word_tokenizer import word_tokenizer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

sys.path.insert(0, str(Path(__file__).parent))
from nano_run import NANO, made_scenes, write_small_dataset

SPANS = (Span(0, 5, "a", False), Span(5, 3, "b", False))


def test_first_step_of_a_chunk_is_what_the_robot_has_just_reached_and_what_is_past_the_end_is_told():
    windows = Windows(SPANS, 4)
    frames, valid = windows.steps(np.array([3, 5, 7]))
    assert frames.tolist() == [[2, 3, 4, 4], [5, 5, 6, 7], [6, 7, 7, 7]]
    assert valid.tolist() == [
        [True, True, True, False],
        [True, True, True, True],
        [True, True, False, False],
    ]


def test_every_window_is_drawn_once_per_pass_in_a_new_order():
    steps = [draw(7, step, 10, 4) for step in range(5)]
    drawn = np.concatenate(steps)
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10].tolist() != drawn[10:].tolist()
    assert np.array_equal(draw(7, 3, 10, 4), steps[3])


def test_learning_rate_rises_and_falls():
    config = LoopConfig(100, learning_rate=1.0, warm_up=10)
    rates = [learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(rates[9], rel=0.05)
    assert rates[-1] < 0.001


class Silent:
    """A policy that always predicts nothing, so that a loss is the mean square of what it was to predict."""

    to_frame = Policy.to_frame

    def __init__(self, head, spread=()):
        self.config = replace(policy_preset("nano"), head=head, action_spread=spread)
        self.spread = torch.tensor(spread)
        self.given = []

    def denoise_committed(self, noisy, time, committed, context):
        self.given.append((noisy, time.expand(len(noisy), 1), committed))
        return torch.zeros_like(noisy)


NOTHING_KNOWN = Context(None, None, None)


@pytest.mark.parametrize("head", ["mip", "flow", "sample", "v"])
def test_committed_and_padded_steps_do_not_count(head):
    policy, shape = Silent(head), (2, 16, 36)
    draws = Draws(0, 3, shape, 4)
    draws.prefix[:] = 3
    valid = torch.ones(shape[:2], dtype=torch.bool)
    valid[:, -2:] = False
    actions = torch.randn(shape)
    other = actions.clone()
    other[:, :3] += 5.0
    other[:, -2:] -= 5.0
    loss, same = (policy_loss(policy, NOTHING_KNOWN, values, valid, draws) for values in (actions, other))
    assert loss > 0
    assert torch.equal(loss, same)
    other[:, 5] += 5.0
    assert not torch.isclose(loss, policy_loss(policy, NOTHING_KNOWN, other, valid, draws))


@pytest.mark.parametrize("head", ["mip", "flow", "sample", "v"])
def test_committed_steps_are_given_clean(head):
    policy, shape = Silent(head), (2, 16, 36)
    draws = Draws(0, 3, shape, 4)
    draws.prefix[:] = torch.tensor([0, 4])
    actions = torch.randn(shape)
    policy_loss(policy, NOTHING_KNOWN, actions, torch.ones(shape[:2], dtype=torch.bool), draws)
    for noisy, times, committed in policy.given:
        assert torch.equal(noisy[1, :4], actions[1, :4])
        assert committed.sum(dim=1).tolist() == [0, 4]
        assert not torch.equal(noisy[0, :4], actions[0, :4])
        assert (times[0] == times[1]).all() or head != "mip"


@pytest.mark.parametrize("head", ["mip", "flow", "sample", "v"])
def test_relative_actions_are_counted_from_the_measured_state(head):
    policy, shape = Silent(head), (2, 16, 36)
    draws, state = Draws(0, 3, shape, 4), torch.randn(2, 36)
    actions, valid = torch.randn(shape), torch.ones(shape[:2], dtype=torch.bool)
    relative = policy_loss(
        policy, Context(None, None, None, anchor=state), actions + state[:, None], valid, draws
    )
    torch.testing.assert_close(relative, policy_loss(policy, NOTHING_KNOWN, actions, valid, draws))


def test_actions_are_divided_by_their_spread_before_noise_is_added():
    head, shape, spread = "flow", (2, 16, 36), tuple(0.1 + 0.05 * joint for joint in range(36))
    draws, actions, valid = Draws(0, 3, shape, 4), torch.randn(shape), torch.ones(shape[:2], dtype=torch.bool)
    divided = policy_loss(Silent(head, spread), NOTHING_KNOWN, actions * torch.tensor(spread), valid, draws)
    torch.testing.assert_close(divided, policy_loss(Silent(head), NOTHING_KNOWN, actions, valid, draws))


class Answering(Silent):
    """A policy whose answer is a function of what it is given and of its time."""

    def __init__(self, head, answer):
        super().__init__(head)
        self._answer = answer

    def denoise_committed(self, noisy, time, committed, context):
        super().denoise_committed(noisy, time, committed, context)
        return self._answer(noisy, time[..., None])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.999])
def test_clean_action_is_judged_by_the_velocity_that_follows_from_it(share):
    """What `flow` calls v = noise - action moves x to x - s v, the clean action."""
    shape = (2, 16, 36)
    draws, actions, valid = Draws(0, 3, shape, 4), torch.randn(shape), torch.ones(shape[:2], dtype=torch.bool)
    draws.times[:] = share
    clean = Answering("sample", lambda x, time: x - (1 - time) * torch.sin(x))
    flow = Answering("flow", lambda x, _: torch.sin(x))
    losses = [policy_loss(policy, NOTHING_KNOWN, actions, valid, draws) for policy in (clean, flow)]
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
    assert clean.given[0][1].flatten().tolist() == pytest.approx([1 - share] * 2, abs=1e-6)
    torch.testing.assert_close(clean.given[0][0], flow.given[0][0], rtol=1e-4, atol=1e-5)


def test_nearly_clean_action_counts_no_more_than_with_a_tenth_of_noise():
    shape = (2, 16, 36)
    draws, actions, valid = Draws(0, 3, shape, 0), torch.randn(shape), torch.ones(shape[:2], dtype=torch.bool)
    draws.times[:] = 0.01
    off = Answering("sample", lambda x, _: actions + 0.2)
    loss = policy_loss(off, NOTHING_KNOWN, actions, valid, draws)
    assert loss.item() == pytest.approx((0.2 / 0.1) ** 2, rel=1e-3)


def test_joint_whose_targets_hardly_vary_counts_more():
    state = np.full((60, 3), 0.5, np.float32)
    action = state.copy()
    action[:, 1] = np.random.default_rng(0).normal(size=60)
    plain = SimpleNamespace(normalise_state=lambda values: values, normalise_action=lambda values: values)
    spans = (Span(0, 60, "go", False),)
    frames = SimpleNamespace(state=state, action=action, of=lambda *, held_out: spans)
    samples = Samples(frames, np.zeros((1, 60)), plain, word_tokenizer(["go"], 8, 4), horizon=1)
    config = SimpleNamespace(relative_joints=(True, True, False), action_spread=())
    weights = samples.weights(config, torch.device("cpu"))
    assert weights.mean().item() == pytest.approx(1.0)
    assert weights[0] > weights[2] > weights[1] > 0
    assert samples.spread(config) == pytest.approx((0.02, action[:, 1].std(), 0.5), rel=0.2)
    assert (
        samples.weights(replace(policy_preset("nano"), head="flow", action_spread=(1.0,) * 36), None) is None
    )


def test_weight_of_a_joint_scales_its_part_of_the_loss():
    policy, shape = Silent("flow"), (2, 16, 36)
    draws, actions = Draws(0, 3, shape, 0), torch.randn((2, 16, 36))
    valid = torch.ones(shape[:2], dtype=torch.bool)
    plain = policy_loss(policy, NOTHING_KNOWN, actions, valid, draws)
    parts = [torch.zeros(36) for _ in range(2)]
    parts[0][:7], parts[1][7:] = 1.0, 1.0
    found = [policy_loss(policy, NOTHING_KNOWN, actions, valid, draws, weights=weights) for weights in parts]
    assert all(part > 0 for part in found)
    torch.testing.assert_close(sum(found), plain)


def test_average_starts_near_the_weights_and_swaps_back():
    module = torch.nn.Linear(2, 2)
    average = Average(module, 0.9)
    before = module.weight.detach().clone()
    with torch.no_grad():
        module.weight += 1.0
    average.update(module, 0)
    average.exchange(module)
    assert torch.allclose(module.weight, before + 0.9)
    average.exchange(module)
    assert torch.allclose(module.weight, before + 1.0)


def test_at_least_one_camera_is_always_there():
    draws = Draws(0, 1, (64, 1, 1), 0)
    seen = seen_views(draws, 4, Imperfection(view_dropout=1.1))
    assert seen.any(dim=1).all()
    assert seen.sum() == 64


def test_augmented_pictures_keep_shape_and_differ():
    pictures = torch.randint(0, 256, (2, 3, 32, 32, 3), dtype=torch.uint8)
    seen = augmented(pictures, lights(2, 3, torch.Generator().manual_seed(1)))
    assert seen.shape == pictures.shape
    assert seen.dtype == torch.uint8
    assert not torch.equal(seen, pictures)


def test_answers_are_read_by_colour():
    values = torch.zeros(1, len(truth.NAMES))
    values[0, truth.NAMES.index("blue_present")], values[0, truth.NAMES.index("blue_y")] = 1.0, 0.3
    given = answers(values)
    assert given[0, :, 0].sum() == 1
    assert given[0, given[0, :, 0].argmax()].tolist() == pytest.approx([1.0, 0.0, 0.3, 0.0])


def test_patches_count_where_they_show_something():
    wanted = torch.zeros(1, 1, 2, 1, 4)
    wanted[0, 0, 0, 0] = torch.tensor([0.1, 1.0, -1.0, 0.7])
    right = wanted.clone()
    right[..., 0] = torch.tensor([[9.0], [-9.0]])
    right[0, 0, 1, 0, 1:] = 5.0
    assert patch_loss(right, wanted) < 0.01
    elsewhere = right.clone()
    elsewhere[0, 0, 0, 0, 1] = -1.0
    assert patch_loss(elsewhere, wanted) > 0.3
    unsure = right.clone()
    unsure[..., 0] = 0.0
    assert patch_loss(unsure, wanted) > 1.0


def line_run(tmp_path, steps, name, stop=None):
    """Fit a line with the loop; stop: raise after so many steps."""
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 1)
    told = []

    def step_loss(step):
        if step == stop:
            raise KeyboardInterrupt
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        return (module(x) - x.sum(1, keepdim=True)).square().mean(), {}

    config = LoopConfig(steps, learning_rate=0.05, warm_up=1, save_every=5, log_every=5)
    run = Run(tmp_path / name, Accelerator(cpu=True), told.append)
    train_loop(module, step_loss, config, run)
    return module, told


def test_interrupted_run_ends_with_the_same_weights(tmp_path):
    whole, told = line_run(tmp_path, 20, "whole")
    assert told[-1].loss < told[0].loss
    with pytest.raises(KeyboardInterrupt):
        line_run(tmp_path, 20, "cut", stop=13)
    resumed, _ = line_run(tmp_path, 20, "cut")
    assert torch.equal(whole.weight, resumed.weight)
    assert [path.name for path in snapshot.states(tmp_path / "cut")] == ["00000015", "00000020"]


def test_broken_newest_state_falls_back_to_the_one_before(tmp_path):
    whole, _ = line_run(tmp_path, 20, "whole")
    state = snapshot.states(tmp_path / "whole")[-1] / "state.safetensors"
    state.write_bytes(state.read_bytes()[:100])
    resumed, _ = line_run(tmp_path, 20, "whole")
    assert torch.equal(whole.weight, resumed.weight)


def test_full_disk_keeps_the_states_before(tmp_path, monkeypatch):
    line_run(tmp_path, 10, "run")
    monkeypatch.setattr(snapshot, "save_file", _disk_full)
    with pytest.raises(TrainingError, match="training goes on from the state before"):
        line_run(tmp_path, 20, "run")
    assert [path.name for path in snapshot.states(tmp_path / "run")] == ["00000005", "00000010"]


def _disk_full(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_loss_or_gradient_that_is_not_finite_ends_the_run_and_leaves_no_state(tmp_path, what):
    module = torch.nn.Linear(1, 1)
    run = Run(tmp_path, Accelerator(cpu=True), lambda line: None)

    def step_loss(step):
        # The root of 0 is 0, its slope is infinite, and that times 0 is no number.
        endless = float("nan") if what == "loss" else (0.0 * module.weight.sum()).sqrt()
        return (module.weight.square().sum() if step < 2 else module.weight.sum() * endless), {}

    with pytest.raises(TrainingError, match=f"the {what} of step 2 is nan; lower the learning rate"):
        train_loop(module, step_loss, LoopConfig(3, save_every=1), run)
    assert [path.name for path in snapshot.states(tmp_path)] == ["00000001", "00000002"]
    assert torch.isfinite(module.weight).all()


def test_learning_rate_may_change_until_the_run_has_its_checkpoint(tmp_path, small_dataset, monkeypatch):
    lower = replace(NANO, acting=replace(NANO.acting, learning_rate=1e-5))
    with monkeypatch.context() as patched:
        patched.setattr(training, "learn_to_act", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            training.train(small_dataset, tmp_path / "run", NANO)
    training.train(small_dataset, tmp_path / "run", lower)
    assert open_finished(tmp_path / "run").config.acting.learning_rate == 1e-5
    rates = EventAccumulator(str(tmp_path / "run" / "acting" / "log")).Reload().Scalars("learning_rate")
    assert 0 < rates[-1].value < 1e-5
    with pytest.raises(TrainingError, match="another acting; take its settings to go on"):
        training.train(small_dataset, tmp_path / "run", NANO)
    assert open_finished(tmp_path / "run").config == lower


def test_held_out_loss_is_told_with_every_state_and_changes_nothing(tmp_path):
    def run(name, held_out):
        torch.manual_seed(0)
        module, told, asked = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Dropout(0.5)), [], []

        def step_loss(step):
            return module(torch.ones(8, 3)).square().mean(), {}

        def loss():
            asked.append(module.training)
            return module(torch.ones(1, 3)).square().sum()

        config = LoopConfig(5, 0.05, 1, save_every=2, log_every=1)
        where = Run(tmp_path / name, Accelerator(cpu=True), told.append)
        train_loop(module, step_loss, config, where, loss if held_out else None)
        assert module.training
        return module, told, asked

    plain, told, _ = run("plain", False)
    same, with_loss, asked = run("held_out", True)
    assert torch.equal(plain[0].weight, same[0].weight)
    assert [line.loss for line in with_loss] == [line.loss for line in told]
    assert [line.step for line in with_loss if "held_out_loss" in line.figures] == [2, 4, 5]
    assert asked == [False] * 3
    final = float(same.eval()(torch.ones(1, 3)).detach().square())
    assert with_loss[-1].figures["held_out_loss"] == pytest.approx(final), "of the averaged weights"


def test_held_out_episodes_tell_their_loss_and_teach_nothing(tmp_path, small_dataset, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(frames_module, "_HELD_OUT_SHARE", 1.0)
        told = []
        folder = training.train(small_dataset, tmp_path / "all", NANO, Reports(line=told.append)).parent
    losses = [line.figures["held_out_loss"] for line in told if "held_out_loss" in line.figures]
    assert len(losses) == 1, "the one line of acting, at its end"
    plain = training.train(small_dataset, tmp_path / "none", NANO)
    assert checkpoint_hash(folder / "checkpoint") == checkpoint_hash(plain)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"head": "flwo"}, "head is 'flwo'; allowed are mip, flow, sample, v"),
        ({"max_prefix_steps": policy_preset("nano").horizon}, "max_prefix_steps is 16; it must be 0 to 15"),
        ({"imperfection": Imperfection(view_dropout=1.5)}, "view_dropout is 1.5; .* and at most 1"),
    ],
)
def test_setting_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path, small_dataset, change, words
):
    with pytest.raises(ConfigError, match=words):
        training.train(small_dataset, tmp_path / "run", replace(NANO, **change))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        (TrainConfig, {"copies": 0}, "copies is 0; it must be at least 1"),
        (TrainConfig, {"batch_seeing": 0}, "batch_seeing is 0; it must be at least 1"),
        (TrainConfig, {"batch_acting": -1}, "batch_acting is -1; it must be at least 1"),
        (TrainConfig, {"scenes": -1}, "scenes is -1; it must be at least 0"),
        (TrainConfig, {"max_prefix_steps": -1}, "max_prefix_steps is -1; it must be at least 0"),
        (TrainConfig, {"seed": -1}, "seed is -1; it must be at least 0"),
        (TrainConfig, {"mixed_precision": "bf61"}, "mixed_precision is 'bf61'; allowed are no, bf16"),
        (LoopConfig, {"steps": 0}, "steps is 0; it must be at least 1"),
        (LoopConfig, {"learning_rate": math.nan}, "learning_rate is nan; it must be above 0"),
        (LoopConfig, {"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
        (LoopConfig, {"warm_up": -1}, "warm_up is -1; it must be at least 0"),
        (LoopConfig, {"weight_decay": math.inf}, "weight_decay is inf; it must be at least 0"),
        (LoopConfig, {"clip": 0.0}, "clip is 0.0; it must be above 0"),
        (LoopConfig, {"average_decay": 1.1}, "average_decay is 1.1; it must be at least 0 and at most 1"),
        (FinetuneConfig, {"learning_rate": -1.0}, "learning_rate is -1.0; it must be above 0"),
        (DistillConfig, {"seed": -1}, "seed is -1; it must be at least 0"),
    ],
)
def test_number_out_of_bounds_is_refused_when_settings_are_read(kind, change, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        kind.from_dict(change) if hasattr(kind, "from_dict") else kind(**({"steps": 1} | change))


def test_frames_are_unpacked_once_and_not_mixed(tmp_path, dataset, staged):
    root = dataset()
    frames = unpack(root, tmp_path / "frames")
    assert np.array_equal(frames.images[:12, 0], staged[1][0].images["top"])
    assert np.array_equal(frames.action[12:25], staged[1][1].action)
    assert unpack(root, tmp_path / "frames").spans == frames.spans
    info = root / "meta/info.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"robot_type": "other"}))
    with pytest.raises(TrainingError, match="holds the frames of another dataset"):
        unpack(root, tmp_path / "frames")


@pytest.fixture(scope="module")
def small_dataset(tmp_path_factory):
    return write_small_dataset(tmp_path_factory.mktemp("nano"))


@pytest.mark.parametrize("scenes", [0, 4])
def test_run_from_dataset_to_checkpoint_is_the_same_when_stopped(
    tmp_path, small_dataset, monkeypatch, scenes
):
    monkeypatch.setattr(seeing_run, "draw_scenes", made_scenes)
    config = replace(NANO, scenes=scenes, words=LoopConfig(2, save_every=1))
    whole = load_checkpoint(training.train(small_dataset, tmp_path / "whole", config))
    assert ("purple" in whole.tokenizer) == bool(scenes), "words that are asked about are known"
    known = whole.recipe.known_instructions
    assert known == ("touch it",), "no task that it was asked about was demonstrated"
    assert whole.recipe.max_prefix_steps == 4
    with monkeypatch.context() as patched:
        patched.setattr(training, "learn_to_act", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            training.train(small_dataset, tmp_path / "cut", config)
    resumed = load_checkpoint(training.train(small_dataset, tmp_path / "cut", config))
    for part in ("encoder", "policy", "language"):
        for name, value in whole.module(part).state_dict().items():
            assert torch.equal(value, resumed.module(part).state_dict()[name]), name


def test_wordings_are_known_of_tasks_that_were_demonstrated():
    drawn = replace(seeing_run.scene_config(NANO), count=60)
    asked = sentences_of(drawn)
    both = [text for text in asked if "both hands" in text or "two hands" in text]
    demonstrated = [text for text in asked if text not in both][:1]
    known = known_of(demonstrated, drawn)
    assert known[0] == demonstrated[0]
    assert len(known) > 5
    assert not set(known) & set(both)
    assert known_of(["touch it"], None) == ("touch it",)


def _interrupt(*_):
    raise KeyboardInterrupt


def test_other_head_starts_from_a_finished_run_and_learns_only_to_act(tmp_path, small_dataset, monkeypatch):
    monkeypatch.setattr(seeing_run, "draw_scenes", made_scenes)
    config = replace(NANO, scenes=4, words=LoopConfig(2, save_every=1))
    first = load_checkpoint(training.train(small_dataset, tmp_path / "first", config))
    for name in ("learn_words", "learn_to_act"):
        monkeypatch.setattr(training, name, lambda *_: None)
    monkeypatch.setattr(seeing_run, "pretrain", _interrupt)
    out, other = tmp_path / "other", replace(config, head="flow")
    second = load_checkpoint(training.train(small_dataset, out, other, start=tmp_path / "first"))
    assert (first.recipe.policy.head, second.recipe.policy.head) == ("mip", "flow")
    for part in ("encoder", "policy", "language"):
        for name, value in first.module(part).state_dict().items():
            is_framed = name.startswith("decoder.outputs.") or name == "decoder.inputs.0.weight"
            assert torch.equal(value, second.module(part).state_dict()[name]) or is_framed, name
    spread = torch.tensor(second.recipe.policy.action_spread)
    read, reads = (one.policy.decoder.inputs[0].weight for one in (first, second))
    torch.testing.assert_close(reads[:, :36], read[:, :36] * spread, msg="divided actions are read as before")
    assert not second.policy.decoder.outputs[0].weight.any(), "what depends on the head begins anew"
    assert second.recipe.lineage[0] == first.recipe.lineage[0]
    assert second.recipe.lineage[1].startswith("started from policy (weights of ")
    assert open_finished(out).config == replace(other, n_action_steps=1), "and can be distilled"
    assert json.loads((out / "config.json").read_text())["start"] == checkpoint_hash(
        tmp_path / "first/checkpoint"
    )


def test_eyes_of_another_run_are_taken_over_and_everything_else_is_learnt(
    tmp_path, small_dataset, monkeypatch
):
    training.train(small_dataset, tmp_path / "first", NANO)
    first = load_checkpoint(tmp_path / "first/checkpoint")
    dataset, out, told = write_small_dataset(tmp_path / "others", 3), tmp_path / "second", []
    monkeypatch.setattr(seeing_run, "pretrain", _interrupt)
    with monkeypatch.context() as stopped:
        stopped.setattr(training, "learn_to_act", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            training.train(dataset, out, NANO, Reports(told.append), eyes=tmp_path / "first")
    second = load_checkpoint(training.train(dataset, out, NANO, eyes=tmp_path / "first"))
    for name, value in first.encoder.backbone.state_dict().items():
        assert torch.equal(value, second.encoder.backbone.state_dict()[name]), name
    assert not torch.equal(first.policy.decoder.positions, second.policy.decoder.positions)
    sight = file_sha256(tmp_path / "first/seeing.safetensors")
    assert second.recipe.lineage[0] == f"eyes of policy (SHA-256 {sight})"
    assert any("things are seen where they are within" in stage for stage in told)
    assert open_finished(out).config == NANO, "another run can start from it"
    (tmp_path / "first/seeing.safetensors").unlink()
    load_checkpoint(training.train(dataset, tmp_path / "third", NANO, eyes=out))


def test_run_does_not_change_whose_eyes_it_has(tmp_path, small_dataset):
    first, out = tmp_path / "first", tmp_path / "second"
    training.train(small_dataset, first, NANO)
    training.train(small_dataset, out, NANO, eyes=first)
    with pytest.raises(TrainingError, match="another eyes"):
        training.train(small_dataset, out, NANO)
    (out / "seeing.safetensors").write_bytes(b"other")
    with pytest.raises(TrainingError, match=r"seeing\.safetensors holds other eyes than "):
        training.train(small_dataset, out, NANO, eyes=first)


def test_eyes_that_do_not_fit_are_refused_before_anything_is_written(tmp_path, small_dataset):
    first, out, broken = tmp_path / "first", tmp_path / "second", tmp_path / "broken"
    training.train(small_dataset, first, NANO)
    broken.mkdir()
    (broken / "config.json").write_bytes((first / "config.json").read_bytes())
    (broken / "seeing.safetensors").write_bytes((first / "seeing.safetensors").read_bytes()[:1000])
    for config, options, words in (
        (replace(NANO, preset="tiny"), {"eyes": first}, "sees with preset nano, this run has tiny"),
        (NANO, {"eyes": first, "start": first}, "leave out one of start and eyes"),
        (NANO, {"eyes": tmp_path}, r"has no seeing\.safetensors"),
        (NANO, {"eyes": broken}, r"seeing\.safetensors is damaged"),
    ):
        with pytest.raises(TrainingError, match=words):
            training.train(small_dataset, out, config, **options)
    assert not out.exists()


def test_head_that_also_says_what_is_clean_starts_with_the_same_answers(tmp_path, small_dataset, monkeypatch):
    first = load_checkpoint(training.train(small_dataset, tmp_path / "first", NANO))
    monkeypatch.setattr(training, "learn_to_act", lambda *_: None)
    other = replace(NANO, head="sample")
    second = load_checkpoint(
        training.train(small_dataset, tmp_path / "other", other, start=tmp_path / "first")
    )
    one, two = first.policy, second.policy
    assert one.decoder.outputs[0].weight.any()
    assert two.config.action_spread
    inputs = model_inputs(first)
    times, chunk = torch.full((1, one.config.horizon), 0.9), torch.randn(1, one.config.horizon, 36)
    with torch.no_grad():
        answers = [
            policy.from_frame(policy.denoise(policy.to_frame(chunk, context), times, context), context)
            for policy, context in ((one, one.context(**inputs)), (two, two.context(**inputs)))
        ]
    torch.testing.assert_close(answers[0], answers[1], rtol=1e-4, atol=1e-5)


def model_inputs(checkpoint):
    """Return random inputs of a checkpoint's policy, one sample."""
    config = checkpoint.recipe.policy
    return {
        "tokens": torch.randn(1, config.views, config.tokens_per_view, config.width),
        "view_mask": torch.ones(1, config.views, dtype=torch.bool),
        "language": torch.randn(1, config.language.max_tokens, config.language.dim),
        "language_mask": torch.ones(1, config.language.max_tokens, dtype=torch.bool),
        "state": torch.randn(1, config.joints),
        "state_mask": torch.ones(1, config.joints, dtype=torch.bool),
    }


@pytest.mark.parametrize("head", ["flow", "v"])
def test_same_head_goes_on_with_its_last_layer(tmp_path, small_dataset, monkeypatch, head):
    config = replace(NANO, head=head)
    first = load_checkpoint(training.train(small_dataset, tmp_path / "first", config))
    monkeypatch.setattr(training, "learn_to_act", lambda *_: None)
    again = load_checkpoint(
        training.train(small_dataset, tmp_path / "again", config, start=tmp_path / "first")
    )
    said, says = (one.policy.decoder.outputs[0].weight for one in (first, again))
    assert said.any()
    assert torch.equal(said, says)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"preset": "tiny"}, "other preset"),
        ({"scenes": 4}, "other scenes"),
        ({"copies": 1}, "other copies"),
    ],
)
def test_start_from_a_run_that_sees_otherwise_is_refused_before_anything_is_written(
    tmp_path, small_dataset, change, words
):
    training.train(small_dataset, tmp_path / "first", NANO)
    with pytest.raises(TrainingError, match=words):
        training.train(small_dataset, tmp_path / "other", replace(NANO, **change), start=tmp_path / "first")
    assert not (tmp_path / "other").exists()


def test_start_from_a_run_without_eyes_is_refused(tmp_path, small_dataset):
    training.train(small_dataset, tmp_path / "first", NANO)
    (tmp_path / "first" / "seeing.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"has no seeing\.safetensors"):
        training.train(
            small_dataset, tmp_path / "other", replace(NANO, head="flow"), start=tmp_path / "first"
        )


@pytest.mark.parametrize("steps", [0, policy_preset("nano").horizon])
def test_number_of_action_steps_that_no_chunk_has_is_refused_before_training(tmp_path, small_dataset, steps):
    with pytest.raises(ConfigError, match=f"n_action_steps is {steps}"):
        training.train(small_dataset, tmp_path / "run", replace(NANO, n_action_steps=steps))


@pytest.mark.parametrize("tasks", [(), ("lift", "juggle")])
def test_scenes_of_a_task_that_does_not_exist_are_refused_before_training(tmp_path, small_dataset, tasks):
    with pytest.raises(
        ConfigError, match=r"scene_tasks is \[.*\]; name at least one of reach, .*open_bottle"
    ):
        training.train(small_dataset, tmp_path / "run", replace(NANO, scene_tasks=tasks))
    assert not (tmp_path / "run").exists()


def test_settings_of_sampling_reach_the_recipe_and_may_change_in_a_run(tmp_path, small_dataset):
    for steps, scale in ((3, 1.0), (2, 0.5)):
        config = replace(NANO, head="v", n_action_steps=steps, noise_scale=scale)
        done = load_checkpoint(training.train(small_dataset, tmp_path / "run", config))
        assert (done.recipe.n_action_steps, done.recipe.noise_scale) == (steps, scale)


def test_noise_for_a_head_that_starts_from_none_is_refused(tmp_path, small_dataset):
    with pytest.raises(ConfigError, match=r"noise_scale is 0\.5; head 'mip' starts from no noise"):
        training.train(small_dataset, tmp_path / "run", replace(NANO, noise_scale=0.5))


@pytest.mark.parametrize("scale", [-0.1, 1.1, float("nan")])
def test_noise_that_no_policy_starts_from_is_refused_before_training(tmp_path, small_dataset, scale):
    with pytest.raises(ConfigError, match=f"noise_scale is {scale}; it must be 0 to 1"):
        training.train(small_dataset, tmp_path / "run", replace(NANO, head="v", noise_scale=scale))


def test_targets_that_are_counted_from_an_unknown_state_are_refused_before_training(tmp_path, small_dataset):
    config = replace(NANO, preset="compact", imperfection=Imperfection(state_dropout=0.05))
    with pytest.raises(ConfigError, match=r"state_dropout is 0\.05, but the policy counts its targets"):
        training.train(small_dataset, tmp_path / "run", config)
    assert not (tmp_path / "run").exists()
    Imperfection(state_dropout=0.05).check(policy_preset("nano"))


def test_start_with_other_words_is_refused(tmp_path, small_dataset):
    training.train(small_dataset, tmp_path / "first", NANO)
    start = _reworded(tmp_path / "first")
    with pytest.raises(TrainingError, match="has another shape or other words"):
        training.train(small_dataset, tmp_path / "other", replace(NANO, head="v"), start=start)


def _reworded(run):
    """Give the checkpoint of a run another tokenizer."""
    path = run / "checkpoint" / "tokenizer.json"
    path.write_text(path.read_text().replace("touch", "torch"))
    return run


def test_run_with_changed_settings_is_refused(tmp_path, small_dataset):
    claim(tmp_path / "run", {key: value for key, value in to_dict(NANO).items() if key not in SAMPLING})
    with pytest.raises(TrainingError, match="another head; take its settings to go on"):
        training.train(small_dataset, tmp_path / "run", replace(NANO, head="flow"))


def test_run_that_was_begun_before_there_was_a_setting_goes_on(tmp_path, small_dataset):
    training.train(small_dataset, tmp_path / "run", NANO)
    path = tmp_path / "run" / "config.json"
    said = json.loads(path.read_text())
    assert said.pop("scene_tasks") == list(NANO.scene_tasks)
    path.write_text(json.dumps(said))
    assert training.train(small_dataset, tmp_path / "run", NANO).is_dir()
    with pytest.raises(TrainingError, match="another scene_tasks; take its settings to go on"):
        training.train(small_dataset, tmp_path / "run", replace(NANO, scene_tasks=("open_bottle",)))


@pytest.mark.parametrize("recipe", ["compact", "open_bottle", "reach_either", "teacher"])
def test_recipes_that_ship_can_be_read(recipe):
    path = files("dexora_train") / "configs" / f"{recipe}.yaml"
    config = TrainConfig.from_dict(yaml.safe_load(path.read_text()))
    assert seeing_run.scene_config(config).count == config.scenes > 0


def test_dataset_that_does_not_fit_is_refused(tmp_path, dataset):
    with pytest.raises(TrainingError, match="has no view 'wrist_right'"):
        training.train(dataset(), tmp_path / "run", NANO)
