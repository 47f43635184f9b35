"""Few visual tokens and relative actions: the ways in which the preset that a CPU trains differs."""

from dataclasses import replace

import pytest
import torch
from dexora_core.contract import load_contract
from dexora_core.errors import ConfigError
from dexora_policy.model import preset
from dexora_policy.model.policy import origin
from model_cases import NANO, chunk, make_policy, observation, prefix_mask

from dexora_description import contract_path


@torch.no_grad()
@pytest.mark.parametrize("head", ["mip", "flow", "sample", "v"])
def test_relative_chunk_is_the_absolute_one_counted_from_the_state(head):
    relative, absolute = (make_policy(head=head, action_frame=frame) for frame in ("relative", "absolute"))
    absolute.load_state_dict(relative.state_dict())
    inputs, noise, mask = observation(), chunk(), prefix_mask(steps=3)
    shift = inputs["state"][:, None]
    prefix = chunk(seed=2)
    found = relative.sample(relative.context(**inputs), prefix + shift, mask, noise)
    expected = absolute.sample(absolute.context(**inputs), prefix, mask, noise) + shift
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


SPREAD = tuple(0.1 + 0.05 * joint for joint in range(NANO.joints))


@torch.no_grad()
@pytest.mark.parametrize("head", ["flow", "sample"])
def test_divided_chunk_is_the_plain_one_by_its_spread(head):
    divided, plain = make_policy(head=head, action_spread=SPREAD), make_policy(head=head)
    plain.load_state_dict(divided.state_dict())
    inputs, noise, mask, prefix = observation(), chunk(), prefix_mask(steps=3), chunk(seed=2)
    found = divided.sample(divided.context(**inputs), prefix * torch.tensor(SPREAD), mask, noise)
    expected = plain.sample(plain.context(**inputs), prefix, mask, noise) * torch.tensor(SPREAD)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_frame_of_the_network_and_back_is_where_it_began():
    policy, actions = make_policy(head="flow", action_frame="relative", action_spread=SPREAD), chunk()
    context = policy.context(**observation())
    torch.testing.assert_close(policy.from_frame(policy.to_frame(actions, context), context), actions)


@pytest.mark.parametrize("spread", [(1.0,), (0.0,) * 36, (float("nan"),) * 36, (float("inf"),) * 36])
def test_spread_that_divides_nothing_or_too_few_is_refused(spread):
    with pytest.raises(ConfigError, match="action_spread holds"):
        replace(preset("compact"), head="flow", action_spread=spread)


@pytest.mark.parametrize("head", ["mip", "v"])
def test_head_whose_solver_limits_clean_actions_takes_no_spread(head):
    with pytest.raises(ConfigError, match="action_spread is for heads flow, sample"):
        replace(preset("compact"), head=head, action_spread=(1.0,) * 36)


@torch.no_grad()
def test_committed_steps_of_a_relative_chunk_come_back_bit_for_bit():
    policy, inputs, prefix = make_policy(action_frame="relative"), observation(), chunk(seed=2)
    found = policy.sample(policy.context(**inputs), prefix, prefix_mask(steps=4), chunk())
    assert torch.equal(found[:, :4], prefix[:, :4])


def test_joint_that_is_not_known_is_counted_from_zero():
    policy, inputs = make_policy(action_frame="relative"), observation()
    inputs["state_mask"][:, 5] = False
    inputs["state"][:, 5] = float("nan")
    anchor = origin(policy.context(**inputs))
    assert anchor.isfinite().all()
    assert not anchor[..., 5].any()
    assert torch.equal(anchor[:, 0, :5], inputs["state"][:, :5])


@torch.no_grad()
def test_finger_that_is_bent_is_not_followed():
    policy = make_policy(action_frame="relative", absolute_joints=(5, 7))
    inputs = observation()
    straight = origin(policy.context(**inputs))
    inputs["state"][:, (5, 7)] += 3.0
    inputs["state"][:, 6] += 3.0
    bent = origin(policy.context(**inputs))
    assert not bent[..., (5, 7)].any()
    torch.testing.assert_close((bent - straight)[:, 0, 6], torch.full((len(bent),), 3.0))


def test_hands_of_the_preset_are_those_of_the_robot():
    contract = load_contract(contract_path())
    hands = [joint for hand in ("left_hand", "right_hand") for joint in contract.group_indices(hand)]
    assert list(preset("compact").absolute_joints) == hands


def test_absolute_joint_that_the_robot_does_not_have_is_refused():
    with pytest.raises(ConfigError, match=r"absolute_joints name \[36\]; joints are 0 to 35"):
        replace(preset("compact"), absolute_joints=(3, 36))


@torch.no_grad()
def test_condensed_view_that_is_missing_has_no_influence():
    policy, inputs = make_policy(resampled_tokens=6), observation()
    inputs["view_mask"][:, 1] = False
    spoiled = {**inputs, "tokens": inputs["tokens"].clone()}
    spoiled["tokens"][:, 1] = float("nan")
    one, other = (
        policy.sample(policy.context(**given), chunk(), prefix_mask(), chunk()) for given in (inputs, spoiled)
    )
    assert one.isfinite().all()
    assert torch.equal(one, other)


@torch.no_grad()
def test_condensed_tokens_shorten_what_the_decoder_reads():
    inputs = observation()
    lengths = [make_policy(resampled_tokens=count).context(**inputs).mask.shape[1] for count in (0, 6)]
    assert lengths[0] - lengths[1] == NANO.views * NANO.tokens_per_view - 6


def test_unknown_action_frame_is_refused():
    with pytest.raises(ConfigError, match=r"action_frame is 'world'; allowed are absolute, relative"):
        replace(preset("compact"), action_frame="world")
