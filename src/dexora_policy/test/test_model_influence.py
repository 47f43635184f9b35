"""What the policy is told changes its answer; what is masked does not, not by gradients, not by NaN."""

import dataclasses

import pytest
import torch
from dexora_core.errors import ConfigError
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import ExtraSlot, ExtraTokens
from dexora_policy.model.extra_conditions import image_patches
from model_cases import NANO, make_language, make_policy, observation, predict

NANO_VIEWS = encoder_preset("nano").views
VALID = torch.ones(2, dtype=torch.bool)
SLOTS = (ExtraSlot("mask_image", 16, 16), ExtraSlot("plan", 2, 12))


def changed(inputs, **values):
    return {**inputs, **values}


def differ(a, b):
    return (a - b).abs().max().item() > 1e-4


@pytest.mark.parametrize("name", ["tokens", "language", "state"])
def test_every_input_alters_the_output(name):
    policy, inputs = make_policy(), observation()
    other = changed(inputs, **{name: inputs[name].flip(0)})
    assert differ(predict(policy, inputs), predict(policy, other))


def test_time_and_control_rate_alter_the_output():
    policy, inputs = make_policy(has_control_rate=True), observation()
    told = [predict(policy, inputs, rate_hz=torch.full((2, 1), rate)) for rate in (20.0, 50.0)]
    assert differ(predict(policy, inputs, 0.5), predict(policy, inputs, 0.6))
    assert differ(*told)


def test_two_cameras_swapped_alter_the_output():
    torch.manual_seed(0)
    encoder, policy, inputs = (
        VisualEncoder(encoder_preset("nano")).eval(),
        make_policy(),
        observation(batch=1),
    )
    images = torch.randint(0, 256, (1, 4, 64, 64, 3), dtype=torch.uint8)
    swapped = images[:, [0, 2, 1, 3]]
    ids = encoder.view_ids(NANO_VIEWS)
    told = [predict(policy, changed(inputs, tokens=encoder(seen, ids))) for seen in (images, swapped)]
    assert differ(*told)


def test_cameras_in_another_order_with_their_names_give_the_same_output():
    torch.manual_seed(0)
    encoder, policy, inputs = (
        VisualEncoder(encoder_preset("nano")).eval(),
        make_policy(),
        observation(batch=1),
    )
    images = torch.randint(0, 256, (1, 4, 64, 64, 3), dtype=torch.uint8)
    order = [2, 0, 3, 1]
    there = encoder(images, encoder.view_ids(NANO_VIEWS))
    here = encoder(images[:, order], encoder.view_ids([NANO_VIEWS[i] for i in order]))
    outputs = [predict(policy, changed(inputs, tokens=tokens)) for tokens in (there, here)]
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)


def test_words_in_another_order_alter_the_output():
    language, policy, inputs = make_language(), make_policy(), observation(batch=1)
    ids, mask = torch.arange(16)[None], torch.ones(1, 16, dtype=torch.int64)
    told = [predict(policy, changed(inputs, language=language(words, mask))) for words in (ids, ids.flip(1))]
    assert differ(*told)


def test_joint_tokens_differ_between_observations():
    policy, inputs = make_policy(), observation()
    fused, _ = policy.fusion(
        (inputs["tokens"], inputs["view_mask"]),
        (inputs["language"], inputs["language_mask"]),
        (inputs["state"], inputs["state_mask"]),
    )
    joints = fused[:, -NANO.joints :]
    assert (joints[0] - joints[1]).abs().amax(dim=-1).min() > 1e-3


MASKED = [
    ("tokens", "view_mask", (slice(None), 1)),
    ("language", "language_mask", (slice(None), slice(9, None))),
    ("state", "state_mask", (slice(None), 7)),
]


@pytest.mark.parametrize(("values", "mask", "where"), MASKED)
@pytest.mark.parametrize("garbage", [5.0, float("nan"), float("inf")])
def test_masked_input_has_no_influence_whatever_it_holds(values, mask, where, garbage):
    policy, inputs = make_policy(), observation()
    inputs[mask][where] = False
    spoiled = inputs[values].clone()
    spoiled[where] = garbage
    expected = predict(policy, inputs)
    assert expected.isfinite().all()
    assert torch.equal(expected, predict(policy, changed(inputs, **{values: spoiled})))


@pytest.mark.parametrize(("values", "mask", "where"), MASKED)
def test_masked_input_gets_no_gradient(values, mask, where):
    policy, inputs = make_policy(), observation()
    inputs[mask][where] = False
    inputs[values].requires_grad_()
    predict(policy, inputs).square().sum().backward()
    gradient = inputs[values].grad
    assert gradient.any()
    assert not gradient[where].any()


def test_joint_that_the_robot_lacks_has_no_influence_and_comes_out_as_zero():
    policy, inputs = make_policy(), observation()
    mask = torch.ones(2, NANO.joints, dtype=torch.bool)
    mask[:, 3] = False
    context = policy.context(**inputs)
    noisy = torch.randn(2, NANO.horizon, NANO.joints, requires_grad=True)
    spoiled = noisy.detach().clone()
    spoiled[..., 3] = float("nan")
    times = torch.full((2, NANO.horizon), 0.5)
    prediction = policy.denoise(noisy, times, context, action_mask=mask)
    assert torch.equal(prediction, policy.denoise(spoiled, times, context, action_mask=mask))
    assert not prediction[..., 3].any()
    prediction.sum().backward()
    assert noisy.grad.any()
    assert not noisy.grad[..., 3].any()
    assert not policy.decoder.outputs[0].weight.grad[3].any()


def test_padded_instruction_equals_the_unpadded_one():
    policy, inputs = make_policy(), observation()
    short = changed(inputs, language=inputs["language"][:, :5], language_mask=inputs["language_mask"][:, :5])
    inputs["language_mask"][:, 5:] = False
    torch.testing.assert_close(predict(policy, inputs), predict(policy, short), rtol=1e-4, atol=1e-6)


def test_no_instruction_at_all_is_finite_and_differs_from_one():
    policy, inputs = make_policy(), observation()
    silent = changed(inputs, language_mask=torch.zeros_like(inputs["language_mask"]))
    output = predict(policy, silent)
    assert output.isfinite().all()
    assert differ(output, predict(policy, inputs))


def test_extra_condition_alters_the_output_and_is_absent_where_not_valid():
    policy, inputs = make_policy(extra_slots=SLOTS), observation()
    image = image_patches(torch.rand(2, 16, 16), 4)
    given = {"mask_image": ExtraTokens(image, torch.tensor([True, False]))}
    without, told = predict(policy, inputs), predict(policy, changed(inputs, extra=given))
    assert differ(without[0], told[0])
    torch.testing.assert_close(without[1], told[1], rtol=1e-4, atol=1e-6)


def test_patches_of_an_image_are_its_squares():
    image = torch.arange(16.0).reshape(1, 4, 4)
    assert image_patches(image, 2)[0, 1].tolist() == [2.0, 3.0, 6.0, 7.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"smell": ExtraTokens(torch.zeros(2, 1, 1), VALID)},
            "no slot for the condition smell",
        ),
        ({"plan": ExtraTokens(torch.zeros(2, 2, 9), VALID)}, r"plan is \(2, 9\) per sample"),
    ],
)
def test_extra_condition_without_its_slot_is_refused(given, message):
    policy, inputs = make_policy(extra_slots=SLOTS), observation()
    with pytest.raises(ConfigError, match=message):
        policy.context(**inputs, extra=given)


def test_joint_tokens_predict_the_state_only_with_that_head():
    inputs = observation()
    assert make_policy().context(**inputs).state is None
    policy = make_policy(has_state_head=True)
    predicted = policy.context(**inputs).state
    assert predicted.shape == inputs["state"].shape
    other = policy.context(**changed(inputs, tokens=inputs["tokens"].flip(0))).state
    assert differ(predicted, other)


def test_embodiments_have_action_layers_of_their_own():
    policy, inputs = make_policy(embodiments=("arms", "hands")), observation()
    arms, hands = (predict(policy, inputs, embodiment=name) for name in ("arms", "hands"))
    mixed = predict(policy, inputs, embodiment=torch.tensor([1, 0]))
    assert differ(arms, hands)
    assert torch.equal(predict(policy, inputs), arms)
    torch.testing.assert_close(mixed, torch.stack([hands[0], arms[1]]))
    with pytest.raises(ConfigError, match="embodiment 'legs' is unknown; this policy knows arms, hands"):
        predict(policy, inputs, embodiment="legs")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "gan"}, "head is 'gan'; allowed are mip, flow, sample, v, epsilon"),
        ({"heads": 5}, "width is 64; it must be a multiple of heads = 5"),
        ({"embodiments": ()}, "embodiments are empty"),
        ({"embodiments": ("a", "a")}, "embodiments are a, a; each name may appear once"),
    ],
)
def test_impossible_configuration_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(NANO, **changes)
