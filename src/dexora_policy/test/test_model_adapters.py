"""Low-rank adapters: nothing changes at first, tokens learn and are saved, merging changes nothing."""

import pytest
import torch
from dexora_policy.model.adapters import add_adapters
from model_cases import make_policy, observation, predict


@pytest.fixture
def trained():
    torch.manual_seed(1)
    policy, inputs = make_policy(), observation()
    before = predict(policy, inputs).detach()
    adapted = add_adapters(policy)
    adapted.eval()
    torch.testing.assert_close(predict(adapted.base_model.model, inputs), before)
    optimiser = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=0.5)
    for _ in range(3):
        optimiser.zero_grad()
        predict(adapted.base_model.model, inputs).square().mean().backward()
        optimiser.step()
    return adapted, inputs, before


def test_adapters_and_tokens_learn_and_nothing_else(trained):
    adapted, inputs, before = trained
    assert (predict(adapted.base_model.model, inputs) - before).abs().max() > 1e-3
    learning = {name for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or "_token" in name for name in learning)
    assert not any("decoder" in name for name in learning)
    fusion = adapted.base_model.model.fusion
    for token in (fusion.task_token, fusion.joint_tokens):
        assert not torch.equal(token.modules_to_save["default"].weight, token.original_module.weight)


def test_merged_policy_equals_the_adapted_one(trained):
    adapted, inputs, _ = trained
    expected = predict(adapted.base_model.model, inputs)
    merged = adapted.merge_and_unload()
    assert not any("lora" in name for name, _ in merged.named_parameters())
    torch.testing.assert_close(predict(merged, inputs), expected, rtol=1e-4, atol=1e-5)
