"""Pins that a student learns to do in two steps what its teacher does in sixteen, with prefix and resume."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from dexora_core.errors import ConfigError
from dexora_policy.model import Policy
from dexora_policy.model.process import advance, corrupt
from dexora_policy.solver_plan import CLEAN_TIME, signal_and_noise, solver_plan
from dexora_train.checkpoint import load_checkpoint
from dexora_train.cli import main
from dexora_train.learning import distill as distilling
from dexora_train.learning.distill import DistillConfig, chunks, distill, samples_of
from dexora_train.learning.distill_loss import Lesson, lesson, student_loss
from dexora_train.learning.errors import TrainingError
from dexora_train.learning.finished_run import open_finished
from dexora_train.learning.loop import LoopConfig
from dexora_train.learning.losses import Draws
from dexora_train.learning.stages import Acting
from dexora_train.learning.train_config import Reports
from dexora_train.learning_cli import read_settings

import dexora_train

sys.path.insert(0, str(Path(__file__).parent))
from tiny_run import HORIZON, JOINTS, LANGUAGE, POLICY, finished_run

CONFIGS = Path(dexora_train.__file__).parent / "configs"
SHAPE = (6, HORIZON, JOINTS)
LOOP = LoopConfig(25, 3e-3, 5, save_every=10)
CONFIG = DistillConfig(rounds=(LOOP,) * 3, batch=32)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("teacher") / "run", "v", 120)


@pytest.fixture(scope="module")
def distilled(tmp_path_factory, run):
    """The folder of a whole distillation, and what it said."""
    said = []
    folder = tmp_path_factory.mktemp("student") / "run"
    distill(run, folder, CONFIG, Reports(stage=said.append))
    return folder, said


def lively(head):
    """Return a policy with random weights everywhere, an observation's context and random numbers."""
    torch.manual_seed(3)
    policy = Policy(replace(POLICY, head=head)).eval()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
        context = policy.context(
            torch.randn(SHAPE[0], 1, 2, POLICY.width),
            torch.ones(SHAPE[0], 1, dtype=torch.bool),
            torch.randn(SHAPE[0], LANGUAGE.max_tokens, LANGUAGE.dim),
            torch.ones(SHAPE[0], LANGUAGE.max_tokens, dtype=torch.bool),
            torch.randn(SHAPE[0], JOINTS),
            torch.ones(SHAPE[0], JOINTS, dtype=torch.bool),
        )
    draws = Draws(0, 5, SHAPE, 3)
    draws.prefix[:] = torch.tensor([0, 1, 2, 3, 0, 3])
    draws.chances[:, 7] = torch.tensor([0.0, 0.1, 0.3, 0.5, 0.7, 0.999])
    return policy, context, draws


def one_of(context, k):
    """Return the context of one sample; keys and values have layers first."""
    return context._replace(
        keys=context.keys[:, k : k + 1], values=context.values[:, k : k + 1], mask=context.mask[k : k + 1]
    )


def slow_lesson(policy, context, actions, draws, steps, k):
    """Two solver steps of one sample and the formula of the article: noisy, time, clean target, weight."""
    head, place = policy.config.head, int(float(draws.chances[k, 7]) * steps)
    plan = solver_plan(head, 2 * steps)
    time, length = plan[2 * place].time, int(draws.prefix[k])
    clean = actions[k : k + 1]
    noisy = corrupt(head, clean, draws.noise[k : k + 1], torch.full((1, HORIZON), time))
    z = noisy.clone()
    for step in (replace(plan[2 * place + n], correction=0.0) for n in range(2)):
        given, times = z.clone(), torch.full((1, HORIZON), step.time)
        given[:, :length], times[:, :length] = clean[:, :length], CLEAN_TIME[head]
        z, _ = advance(step, z, policy.denoise(given, times, one_of(context, k)), z)
    later = plan[2 * place + 2].time if 2 * place + 2 < len(plan) else CLEAN_TIME[head]
    (a, s), (a_later, s_later) = (signal_and_noise(head, t) for t in (time, later))
    target = (z - s_later / s * noisy) / (a_later - s_later / s * a)
    return noisy, time, target, max(a * a / (s * s), 1.0)


@pytest.mark.parametrize("head", ["v", "flow", "sample"])
@pytest.mark.parametrize("steps", [1, 2, 8])
@torch.no_grad()
def test_lesson_is_that_of_the_slow_formula(head, steps):
    policy, context, draws = lively(head)
    actions = torch.rand(SHAPE) * 2 - 1
    learnt = lesson(policy, context, actions, draws, steps, 1.0)
    valid = torch.ones(SHAPE[:2], dtype=torch.bool)
    valid[2, 5:] = False
    total, count = 0.0, 0
    for k in range(SHAPE[0]):
        noisy, time, target, weight = slow_lesson(policy, context, actions, draws, steps, k)
        length = int(draws.prefix[k])
        own = torch.full((1, HORIZON), time)
        own[:, :length] = CLEAN_TIME[head]
        given = torch.cat([actions[k : k + 1, :length], noisy[:, length:]], dim=1)
        torch.testing.assert_close(learnt.given[k : k + 1], given)
        a, s = signal_and_noise(head, time)
        answer = policy.denoise(given, own, one_of(context, k))
        estimate = {"flow": given - s * answer, "v": a * noisy - s * answer, "sample": answer}[head]
        counted = slice(length, 5 if k == 2 else None)
        total += float(weight * (target - estimate)[:, counted].square().sum())
        count += target[:, counted].numel()
    loss = student_loss(policy, context, valid, learnt)
    assert float(loss) == pytest.approx(total / count, rel=1e-3)


@torch.no_grad()
def test_lesson_starts_from_the_noise_that_the_policy_starts_from():
    policy, context, draws = lively("sample")
    draws.prefix[:], draws.chances[:, 7] = 0, 0.0
    actions = torch.rand(SHAPE)
    whole, less = (lesson(policy, context, actions, draws, 2, scale) for scale in (1.0, 0.25))
    torch.testing.assert_close(whole.given, draws.noise)
    torch.testing.assert_close(less.given, 0.25 * draws.noise)
    assert not torch.allclose(whole.answer, less.answer)


def test_distillation_of_other_noise_is_another_one(tmp_path, run, distilled):
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run/checkpoint/recipe.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"noise_scale": 0.5}))
    with pytest.raises(TrainingError, match=r"another .*noise_scale"):
        distill(tmp_path / "run", distilled[0], CONFIG)


@torch.no_grad()
def test_committed_and_padded_steps_do_not_count():
    policy, context, draws = lively("v")
    draws.prefix[:] = 3
    learnt = lesson(policy, context, torch.rand(SHAPE), draws, 2, 1.0)
    valid = torch.ones(SHAPE[:2], dtype=torch.bool)
    valid[:, -2:] = False
    loss = student_loss(policy, context, valid, learnt)

    def spoilt(where):
        answer = learnt.answer.clone()
        answer[:, where] += 5.0
        return student_loss(policy, context, valid, replace(learnt, answer=answer))

    assert isinstance(learnt, Lesson)
    assert torch.equal(spoilt(slice(0, 3)), loss)
    assert torch.equal(spoilt(slice(-2, None)), loss)
    assert spoilt(slice(3, 4)) > loss


@torch.no_grad()
def test_joints_count_as_they_are_weighted():
    policy, context, draws = lively("flow")
    learnt = lesson(policy, context, torch.rand(SHAPE), draws, 2, 1.0)
    valid = torch.ones(SHAPE[:2], dtype=torch.bool)
    spoilt = replace(learnt, answer=learnt.answer + 5.0 * torch.eye(SHAPE[2])[0])
    others = 1.0 - torch.eye(SHAPE[2])[0]
    assert student_loss(policy, context, valid, spoilt) > student_loss(policy, context, valid, learnt)
    unseen, plain = (student_loss(policy, context, valid, one, weights=others) for one in (spoilt, learnt))
    assert torch.equal(unseen, plain)


def test_two_steps_come_nearer_to_sixteen(run, distilled):
    folder, said = distilled
    before, after = open_finished(run), load_checkpoint(folder / "checkpoint")
    samples = samples_of(before, held_out=True)
    teacher, student = (Acting(one.encoder, one.language, one.policy) for one in (before.checkpoint, after))
    wanted = chunks(teacher, samples, 16, 1.0)
    undistilled = (chunks(teacher, samples, 2, 1.0) - wanted).square().mean().sqrt()
    left = (chunks(student, samples, 2, 1.0) - wanted).square().mean().sqrt()
    assert left < 0.6 * undistilled
    assert f"2 steps are {1000 * left:.1f} mrad from the teacher's 16" in said[-1]
    assert said[:-1] == ["from 16 steps to 8", "from 8 steps to 4", "from 4 steps to 2"]


def test_student_keeps_a_prefix_exactly(distilled):
    checkpoint = load_checkpoint(distilled[0] / "checkpoint")
    policy, (_, context, draws) = checkpoint.policy, lively("v")
    prefix, committed = torch.rand(SHAPE), torch.arange(HORIZON)[None] < draws.prefix[:, None]
    chunk = policy.sample(context, prefix, committed, draws.noise, checkpoint.recipe.steps)
    assert torch.equal(chunk[committed], prefix[committed])
    assert not torch.equal(chunk[~committed], prefix[~committed])


def test_recipe_names_steps_and_parent(run, distilled):
    recipe = load_checkpoint(distilled[0] / "checkpoint").recipe
    assert (recipe.name, recipe.steps, recipe.max_prefix_steps) == ("waver-2-steps", 2, 3)
    assert recipe.lineage[0] == "made up"
    assert "distilled from waver" in recipe.lineage[1]
    assert open_finished(run).hash in recipe.lineage[1]
    assert "16 to 8 to 4 to 2 steps, 25, 25, 25 training steps of 32 samples, seed 0" in recipe.lineage[1]
    assert (distilled[0] / "round_02" / "log").is_dir()


def test_interrupted_distillation_ends_with_the_same_weights(tmp_path, run, distilled, monkeypatch):
    calls = iter(range(10_000))

    def stopping(*arguments):
        if next(calls) == LOOP.steps + 13:
            raise KeyboardInterrupt
        return lesson(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(distilling, "lesson", stopping)
        with pytest.raises(KeyboardInterrupt):
            distill(run, tmp_path / "cut", CONFIG)
    assert not (tmp_path / "cut/checkpoint").exists()
    resumed = load_checkpoint(distill(run, tmp_path / "cut", CONFIG))
    whole = load_checkpoint(distilled[0] / "checkpoint")
    for part in ("encoder", "policy", "language"):
        for name, value in whole.module(part).state_dict().items():
            assert torch.equal(value, resumed.module(part).state_dict()[name]), name


def test_folder_of_another_distillation_is_refused(run, distilled):
    with pytest.raises(TrainingError, match="another batch; take its settings to go on"):
        distill(run, distilled[0], replace(CONFIG, batch=16))
    settings = json.loads((distilled[0] / "config.json").read_text())
    assert settings["batch"] == 32
    assert settings["teacher"] == open_finished(run).hash


@pytest.mark.parametrize("part", ["frames", "tokens", "checkpoint", "config.json"])
def test_unfinished_run_is_refused(tmp_path, run, part):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / part).rename(tmp_path / "away")
    with pytest.raises(TrainingError, match=f"has no {part}; let 'dexora-train train' finish"):
        distill(tmp_path / "run", tmp_path / "out", CONFIG)
    assert not (tmp_path / "out").exists()


def test_tokens_of_another_encoder_are_refused(tmp_path, run):
    shutil.copytree(run, tmp_path / "run")
    index = tmp_path / "run/tokens/index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"encoder": "other"}))
    with pytest.raises(TrainingError, match="tokens of another encoder or dataset"):
        distill(tmp_path / "run", tmp_path / "out", CONFIG)


def test_head_of_two_steps_is_refused(tmp_path):
    finished_run(tmp_path / "run", "mip", 1)
    with pytest.raises(ConfigError, match="has head 'mip'; distillation takes v, flow, sample, others"):
        distill(tmp_path / "run", tmp_path / "out", CONFIG)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"teacher_steps": 12, "rounds": (LOOP,) * 3}, "teacher_steps is 12 for 3 rounds"),
        ({"teacher_steps": 12}, "must be a power of two"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_senseless_settings_are_refused(settings, text):
    with pytest.raises(ConfigError, match=text):
        DistillConfig(**settings)


def test_rounds_are_a_tenth_of_the_teacher(run):
    recipe = open_finished(run).checkpoint.recipe
    teacher = LoopConfig(20_000, learning_rate=5e-4, warm_up=200)
    config = DistillConfig().completed(recipe, teacher)
    assert config.rounds == (replace(teacher, steps=2000, warm_up=20),) * 3
    assert config.steps == 2
    assert DistillConfig(teacher_steps=4, name="x").completed(recipe, teacher).rounds == config.rounds[:1]
    with pytest.raises(ConfigError, match="unknown key hops"):
        DistillConfig.from_dict({"hops": 3})


def test_command_says_in_one_sentence_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["dexora-train", "distill", str(tmp_path), str(tmp_path / "out")])
    assert main() == 1
    assert "has no config.json; let 'dexora-train train' finish in it first" in capsys.readouterr().err


def test_shipped_settings_are_the_defaults():
    assert DistillConfig.from_dict(read_settings(CONFIGS / "distill.yaml")) == DistillConfig()
