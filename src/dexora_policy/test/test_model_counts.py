"""Every size has exactly the parameters and condition tokens that were worked out for it."""

import dataclasses

import pytest
import torch
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import PRESETS, ExtraSlot, Policy, build_language, preset
from dexora_policy.model.adapters import add_adapters
from model_cases import observation
from transformers import LlamaConfig, LlamaModel, T5Config, T5EncoderModel


def on_meta(build, *arguments):
    with torch.device("meta"):
        return build(*arguments)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def total(name, **changes):
    config = dataclasses.replace(preset(name), **changes)
    parts = (Policy(config), build_language(config.language), VisualEncoder(encoder_preset(name)))
    return sum(count(part) for part in parts)


@pytest.mark.parametrize(
    ("name", "fusion", "decoder", "context_tokens"),
    [
        ("nano", 82_560, 244_708, 106),
        ("tiny", 312_576, 1_750_692, 186),
        ("small", 1_214_848, 10_164_260, 186),
        ("base", 5_578_496, 40_382_500, 294),
        ("full", 13_284_992, 90_654_756, 1066),
        ("article", 13_284_992, 90_642_468, 809),
    ],
)
def test_preset_has_its_parameters_and_condition_tokens(name, fusion, decoder, context_tokens):
    config = preset(name)
    policy = on_meta(Policy, config)
    assert (count(policy.fusion), count(policy.decoder)) == (fusion, decoder)
    inputs = {key: value.to("meta") for key, value in observation(config, batch=1).items()}
    context = policy.context(**inputs)
    head_width = config.width // config.heads
    assert context.keys.shape == (config.layers, 1, config.heads, context_tokens, head_width)
    assert context.mask.shape == (1, context_tokens)


@pytest.mark.parametrize(
    ("name", "changes", "parameters"),
    [
        ("nano", {}, 718_628),
        ("tiny", {}, 3_654_820),
        ("tiny", {"horizon": 16}, 3_652_772),
        ("small", {}, 18_566_308),
    ],
)
def test_whole_stack_of_a_trained_size_has_its_parameters(name, changes, parameters):
    with torch.device("meta"):
        assert total(name, **changes) == parameters


def test_modulation_holds_a_third_of_the_decoder():
    decoder = on_meta(Policy, preset("full")).decoder
    modulation = sum(
        parameter.numel() for name, parameter in decoder.named_parameters() if "modulation" in name
    )
    assert modulation == 33_073_152


def test_adapters_train_225024_parameters():
    adapted = add_adapters(on_meta(Policy, preset("full")))
    trained = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
    assert trained == 225_024


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({"has_control_rate": True}, 787_968),
        ({"has_state_head": True}, 769),
        ({"embodiments": ("a", "b")}, 72 * 768 + 768 + 768 * 36 + 36),
        ({"extra_slots": (ExtraSlot("tactile", 10, 24),)}, 24 * 768 + 768 + 10 * 768),
    ],
)
def test_options_add_only_their_own_parameters(changes, parameters):
    plain, more = preset("full"), dataclasses.replace(preset("full"), **changes)
    assert count(on_meta(Policy, more)) - count(on_meta(Policy, plain)) == parameters


def test_cut_language_models_have_their_parameters():
    llama_8b = LlamaConfig(
        vocab_size=128_256, hidden_size=4096, intermediate_size=14_336, num_hidden_layers=4,
        num_attention_heads=32, num_key_value_heads=8,
    )  # fmt: skip
    llama_1b = LlamaConfig(
        vocab_size=128_256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=4,
        num_attention_heads=32, num_key_value_heads=8,
    )  # fmt: skip
    t5_xxl = T5Config(
        vocab_size=32_128, d_model=4096, d_kv=64, d_ff=10_240, num_layers=24, num_heads=64,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip
    assert count(on_meta(LlamaModel, llama_8b)) == 1_397_788_672
    assert count(on_meta(LlamaModel, llama_1b)) == 505_956_352
    assert count(on_meta(T5EncoderModel, t5_xxl)) == 4_762_310_656


def test_presets_of_policy_and_encoder_fit_each_other():
    for name, config in PRESETS.items():
        encoder = encoder_preset(name)
        assert (config.width, config.views, config.tokens_per_view) == (
            encoder.width,
            len(encoder.views),
            encoder.tokens_per_view,
        )
