"""The model learns: two ways to act are not averaged, eight clips are learnt to a hundredth of a radian."""

import pytest
import torch
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Context, LanguageConfig, Policy, PolicyConfig, build_language
from dexora_policy.model.process import corrupt, target
from dexora_policy.solver_plan import MIP_TIMES
from model_cases import NANO, observation

TOY = PolicyConfig(
    width=32, heads=2, layers=1, horizon=4, views=1, tokens_per_view=1, joints=2, head="flow",
    language=LanguageConfig("tiny", 8, 2, 1),
)  # fmt: skip
CLIPS, COPIES = 8, 4
STEPS, PEAK_RATE = 800, 6e-3
# What 1 stands for: half the range of the robot's widest joint.
RADIANS = 3.0
RMS_RAD = 0.01


def denoising_loss(policy, context, actions, times, noise):
    head = policy.config.head
    prediction = policy.denoise(corrupt(head, actions, noise, times), times, context)
    return (prediction - target(head, actions, noise, times)).square().mean()


def test_two_ways_to_act_are_sampled_and_not_averaged():
    torch.manual_seed(0)
    policy, batch = Policy(TOY), 128
    inputs = {name: value.expand(batch, *value.shape[1:]) for name, value in observation(TOY, 1).items()}
    optimiser = torch.optim.AdamW(policy.parameters(), lr=3e-3)
    for _ in range(300):
        way = torch.randint(0, 2, (batch, 1, 1)) * 2.0 - 1
        times = torch.rand(batch, 1).expand(batch, TOY.horizon)
        actions = 0.7 * way.expand(batch, TOY.horizon, TOY.joints)
        loss = denoising_loss(policy, policy.context(**inputs), actions, times, torch.randn_like(actions))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        free = torch.zeros(batch, TOY.horizon, dtype=torch.bool)
        noise = torch.randn(batch, TOY.horizon, TOY.joints)
        samples = policy.sample(policy.context(**inputs), torch.zeros_like(noise), free, noise, steps=10)
    sides = samples.mean(dim=(1, 2))
    assert 0.2 < (sides > 0).float().mean().item() < 0.8
    assert (samples.abs() - 0.7).abs().mean().item() < 0.15
    assert (sides.abs() > 0.35).float().mean().item() > 0.95


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nano_learns_eight_clips_to_a_hundredth_of_a_radian():
    """Whole stack, images and words in; both regressions of `mip`, a prefix of random length. 40 s."""
    torch.manual_seed(0)
    encoder = VisualEncoder(encoder_preset("nano"))
    language, policy, clips = build_language(NANO.language), Policy(NANO), make_clips()
    parameters = [p for module in (encoder, language, policy) for p in module.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=PEAK_RATE, weight_decay=0.0, betas=(0.9, 0.95), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE, total_steps=STEPS, pct_start=0.1, cycle_momentum=False
    )
    for _ in range(STEPS):
        loss = mip_loss(policy, policy.context(**see(encoder, language, clips)), clips["actions"])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
    assert rms_rad(policy, see(encoder, language, clips), clips["actions"]) < RMS_RAD


def make_clips():
    draw = torch.Generator().manual_seed(5)
    phase = torch.rand(CLIPS, 1, NANO.joints, generator=draw) * 6.28
    time = torch.linspace(0, 1, NANO.horizon)[None, :, None]
    actions = 0.6 * torch.sin(phase + 3 * time)
    inputs = observation(NANO, CLIPS)
    return {
        "images": torch.randint(0, 256, (CLIPS, 4, 64, 64, 3), dtype=torch.uint8, generator=draw),
        "ids": torch.randint(0, 2048, (CLIPS, 16), generator=draw),
        "state": actions[:, 0],
        "state_mask": inputs["state_mask"],
        "actions": actions,
    }


def see(encoder, language, clips):
    ones = torch.ones(CLIPS, 16, dtype=torch.bool)
    return {
        "tokens": encoder(clips["images"], torch.arange(4)),
        "view_mask": ones[:, :4],
        "language": language(clips["ids"], ones),
        "language_mask": ones,
        "state": clips["state"],
        "state_mask": clips["state_mask"],
    }


def mip_loss(policy, context, clips):
    """Both regressions over copies of the clips: the context is dear, the decoder is not."""
    keys, values = (part.repeat_interleave(COPIES, dim=1) for part in (context.keys, context.values))
    many = Context(keys, values, context.mask.repeat_interleave(COPIES, dim=0))
    actions = clips.repeat_interleave(COPIES, dim=0)
    batch, horizon = actions.shape[:2]
    times = torch.tensor(MIP_TIMES).repeat(batch // len(MIP_TIMES))[:, None]
    committed = torch.arange(horizon) < torch.randint(0, horizon // 2, (batch, 1))
    return denoising_loss(
        policy, many, actions, torch.where(committed, 1.0, times), torch.randn_like(actions)
    )


@torch.no_grad()
def rms_rad(policy, inputs, actions):
    free = torch.zeros(actions.shape[:2], dtype=torch.bool)
    chunks = policy.sample(policy.context(**inputs), actions, free, torch.zeros_like(actions))
    return RADIANS * (chunks - actions).square().mean().sqrt().item()
