"""The sampler: caching changes nothing, a committed prefix comes back exactly, the rest continues it."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from dexora_policy.model import PolicyConfig, preset
from dexora_policy.model.process import advance
from dexora_policy.sampling import Prefix
from dexora_policy.sampling import sample as sample_by_numpy
from dexora_policy.solver_plan import CLEAN_TIME, DEFAULT_STEPS, HEADS, solver_plan
from model_cases import NANO, chunk, make_policy, observation, prefix_mask


def sample(policy, inputs, prefix=None, steps=None, mask=None, noise=None, **options):
    batch = inputs["state"].shape[0]
    mask = prefix_mask(batch=batch) if mask is None else mask
    prefix = chunk(batch=batch, seed=2) if prefix is None else prefix
    noise = chunk(batch=batch) if noise is None else noise
    return policy.sample(policy.context(**inputs), prefix, mask, noise, steps, **options)


@torch.no_grad()
@pytest.mark.parametrize("head", HEADS)
def test_cached_sampling_equals_a_loop_that_computes_everything_again(head):
    policy, inputs = make_policy(head=head), observation()
    mask, prefix, x = prefix_mask(steps=3), chunk(seed=2), chunk()
    got = sample(policy, inputs, prefix, 2, mask)
    x = torch.zeros_like(x) if head == "mip" else x
    before = x
    for step in solver_plan(head, 2):
        x = torch.where(mask[..., None], prefix, x)
        times = torch.where(mask, CLEAN_TIME[head], step.time)
        prediction = policy.denoise(x, times, policy.context(**inputs))
        x, before = advance(step, x, prediction, before)
    torch.testing.assert_close(got, torch.where(mask[..., None], prefix, x), rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("head", HEADS)
def test_loop_of_the_robot_equals_the_one_of_the_model(head):
    policy, inputs = make_policy(head=head), observation(batch=1)
    mask, prefix, noise = prefix_mask(batch=1, steps=3), chunk(batch=1, seed=2), 3 * chunk(batch=1)
    context, steps = policy.context(**inputs), DEFAULT_STEPS[head]

    def network(noisy, times):
        return policy.denoise(torch.from_numpy(noisy), torch.from_numpy(times), context).numpy()

    committed = Prefix(prefix.numpy(), mask.numpy())
    found = sample_by_numpy(head, steps, network, noise.numpy(), committed)
    expected = policy.sample(context, prefix, mask, noise, steps)
    assert found.dtype == np.float32
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_batch_of_one_equals_its_row_of_a_batch_of_four():
    policy, inputs = make_policy(), observation(batch=4)
    together = sample(policy, inputs)
    alone = sample(policy, {name: value[2:3] for name, value in inputs.items()})
    torch.testing.assert_close(alone[0], together[2], rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("head", ["mip", "flow"])
def test_committed_steps_come_back_exactly_for_every_delay(head):
    policy, inputs = make_policy(head=head), observation(batch=1)
    prefix = chunk(batch=1, seed=2)
    free = sample(policy, inputs)
    for steps in range(NANO.horizon + 1):
        mask = prefix_mask(batch=1, steps=steps)
        output = sample(policy, inputs, prefix, mask=mask)
        assert torch.equal(output[0, :steps], prefix[0, :steps])
        assert output.isfinite().all()
        if 0 < steps < NANO.horizon:
            assert (output[0, steps:] - free[0, steps:]).abs().max() > 1e-4


@torch.no_grad()
def test_prefix_outside_its_mask_is_not_read():
    policy, inputs = make_policy(), observation()
    mask, prefix = prefix_mask(steps=4), chunk(seed=2)
    spoiled = prefix.clone()
    spoiled[:, 4:] = float("nan")
    assert torch.equal(sample(policy, inputs, prefix, mask=mask), sample(policy, inputs, spoiled, mask=mask))


@torch.no_grad()
def test_two_regressions_ignore_noise_and_flow_does_not():
    inputs = observation()
    for head, is_same in (("mip", True), ("flow", False)):
        policy = make_policy(head=head)
        outputs = [sample(policy, inputs, noise=chunk(seed=seed)) for seed in (5, 6)]
        assert torch.equal(*outputs) is is_same


@torch.no_grad()
def test_weights_in_bfloat16_give_nearly_the_same_chunk_in_float32():
    inputs = observation()
    exact = sample(make_policy(head="flow"), inputs)
    rough = sample(make_policy(head="flow").bfloat16(), inputs)
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).norm() / exact.norm() < 0.05


@torch.no_grad()
def test_joint_that_the_robot_lacks_comes_out_as_zero():
    mask = torch.ones(2, NANO.joints, dtype=torch.bool)
    mask[:, 5] = False
    output = sample(make_policy(head="flow"), observation(), action_mask=mask)
    assert not output[..., 5].any()
    assert output[..., 4].all()


@pytest.mark.parametrize("name", ["nano", "full"])
def test_configuration_comes_back_from_json(name):
    config = dataclasses.replace(preset(name), head="flow", embodiments=("a", "b"))
    assert PolicyConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
