"""Small policies and observations for the tests of the model."""

import dataclasses

import torch
from dexora_policy.model import Policy, build_language, preset

torch.set_num_threads(1)
NANO = preset("nano")


def make_policy(config=NANO, seed=0, **changes):
    """Return a policy in which no weight is silent: what starts at zero is drawn at random."""
    torch.manual_seed(seed)
    policy = Policy(dataclasses.replace(config, **changes)).eval()
    with torch.no_grad():
        for parameter in policy.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    return policy


def make_language(config=NANO.language, seed=0):
    """Return a tiny language encoder with random weights."""
    torch.manual_seed(seed)
    return build_language(config).eval()


def observation(config=NANO, batch=2, seed=0):
    """Return the inputs of `Policy.context` by name, everything valid."""
    draw = torch.Generator().manual_seed(seed)
    return {
        "tokens": torch.randn(batch, config.views, config.tokens_per_view, config.width, generator=draw),
        "view_mask": torch.ones(batch, config.views, dtype=torch.bool),
        "language": torch.randn(batch, config.language.max_tokens, config.language.dim, generator=draw),
        "language_mask": torch.ones(batch, config.language.max_tokens, dtype=torch.bool),
        "state": torch.rand(batch, config.joints, generator=draw) * 2 - 1,
        "state_mask": torch.ones(batch, config.joints, dtype=torch.bool),
    }


def chunk(config=NANO, batch=2, seed=1):
    """Return a random chunk [B, H, J]."""
    return torch.randn(batch, config.horizon, config.joints, generator=torch.Generator().manual_seed(seed))


def prefix_mask(config=NANO, batch=2, steps=0):
    """Return the mask [B, H] of a prefix of so many steps."""
    return (torch.arange(config.horizon) < steps).expand(batch, -1)


def predict(policy, inputs, time=0.5, **options):
    """Return the prediction for a fixed noisy chunk at one time."""
    config, batch = policy.config, inputs["state"].shape[0]
    times = torch.full((batch, config.horizon), time)
    return policy.denoise(chunk(config, batch), times, policy.context(**inputs), **options)
