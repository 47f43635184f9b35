"""The policy can be captured as one graph of tensors: context and all steps, for every head."""

import pytest
import torch
from model_cases import NANO, chunk, make_policy, observation, prefix_mask
from torch import nn


class WholePolicy(nn.Module):
    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, tokens, view_mask, language, language_mask, state, state_mask, prefix, mask, noise):
        context = self.policy.context(tokens, view_mask, language, language_mask, state, state_mask)
        return self.policy.sample(context, prefix, mask, noise, steps=2)


@torch.no_grad()
@pytest.mark.parametrize("head", ["mip", "flow"])
def test_captured_graph_equals_the_module_on_other_inputs(head):
    whole = WholePolicy(make_policy(head=head, layers=1))
    inputs = [(*observation(batch=1, seed=s).values(), *tail(s)) for s in (0, 3)]
    program = torch.export.export(whole, inputs[0])
    torch.testing.assert_close(program.module()(*inputs[1]), whole(*inputs[1]), rtol=1e-4, atol=1e-5)


def tail(seed):
    return chunk(batch=1, seed=seed + 1), prefix_mask(batch=1, steps=seed), chunk(batch=1, seed=seed + 2)


@torch.no_grad()
def test_context_is_captured_alone():
    policy = make_policy(layers=1)

    class Context(nn.Module):
        def __init__(self):
            super().__init__()
            self.policy = policy

        def forward(self, tokens, view_mask, language, language_mask, state, state_mask):
            context = self.policy.context(tokens, view_mask, language, language_mask, state, state_mask)
            return context.keys, context.values, context.mask

    inputs = tuple(observation(batch=1).values())
    program = torch.export.export(Context(), inputs)
    keys, values, mask = program.module()(*inputs)
    assert keys.shape == values.shape == (1, 1, NANO.heads, 106, 16)
    assert mask.dtype == torch.bool
