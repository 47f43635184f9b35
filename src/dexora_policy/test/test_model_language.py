"""Language: a cut model equals the full one's inner state, padding means nothing, frozen stays frozen."""

import dataclasses

import pytest
import torch
from dexora_core.errors import ConfigError
from dexora_policy.model import LanguageConfig, build_language
from model_cases import NANO, make_language
from transformers import BertConfig, BertModel, LlamaConfig, LlamaModel, T5Config, T5EncoderModel

LAYERS, WORDS, PLACES = 4, 6, 9
LLAMA = LlamaConfig(
    vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=6, num_attention_heads=4,
    num_key_value_heads=2,
)  # fmt: skip
T5 = T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=64, num_layers=LAYERS, num_heads=4)
BERT = BertConfig(
    vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=LAYERS, num_attention_heads=4
)  # fmt: skip
CHECKPOINTS = {"llama": (LlamaModel, LLAMA), "t5": (T5EncoderModel, T5), "minilm": (BertModel, BERT)}


def checkpoint(kind, folder):
    torch.manual_seed(0)
    model_class, config = CHECKPOINTS[kind]
    model_class(config).save_pretrained(folder)
    return LanguageConfig(kind, 32, PLACES, LAYERS)


def words():
    return torch.arange(1, 1 + WORDS)[None]


def padded(side):
    fill = torch.zeros(1, PLACES - WORDS, dtype=torch.int64)
    parts = (words(), torch.ones_like(words()))
    return [torch.cat([fill, part] if side == "left" else [part, fill], dim=1) for part in parts]


@torch.no_grad()
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_cut_llama_equals_hidden_state_of_the_full_model(tmp_path, attention):
    config = checkpoint("llama", tmp_path)
    encoder = build_language(config, tmp_path).float()
    encoder.model.set_attn_implementation(attention)
    full = LlamaModel.from_pretrained(tmp_path, dtype=torch.bfloat16).float().eval()
    mask = torch.ones_like(words())
    hidden = full(input_ids=words(), attention_mask=mask, output_hidden_states=True).hidden_states
    assert len(encoder.model.layers) == LAYERS
    torch.testing.assert_close(encoder(words(), mask), hidden[LAYERS], rtol=0, atol=1e-6)


@torch.no_grad()
def test_padding_left_equals_padding_right(tmp_path):
    encoder = build_language(checkpoint("llama", tmp_path), tmp_path).float()
    left, right = encoder(*padded("left")), encoder(*padded("right"))
    torch.testing.assert_close(left[:, -WORDS:], right[:, :WORDS], rtol=0, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["tiny", "llama", "t5", "minilm"])
def test_padding_on_the_right_changes_nothing(tmp_path, kind):
    pretrained = kind != "tiny"
    encoder = build_language(checkpoint(kind, tmp_path), tmp_path).float() if pretrained else make_language()
    alone = encoder(words(), torch.ones_like(words()))
    torch.testing.assert_close(encoder(*padded("right"))[:, :WORDS], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["llama", "t5", "minilm"])
def test_pretrained_source_never_learns(tmp_path, kind):
    encoder = build_language(checkpoint(kind, tmp_path), tmp_path).train()
    assert not any(module.training for module in encoder.modules())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert encoder(words(), torch.ones_like(words())).shape == (1, WORDS, 32)


def test_tiny_source_learns_until_it_is_frozen():
    encoder = make_language().train()
    assert encoder.training
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    assert not encoder.freeze().train().training


@torch.no_grad()
def test_sentence_is_one_vector_of_unit_length(tmp_path):
    encoder = build_language(checkpoint("minilm", tmp_path), tmp_path)
    features = encoder(*padded("right"))
    assert torch.equal(features, features[:, :1].expand_as(features))
    assert features[0, 0].norm().item() == pytest.approx(1.0, abs=1e-5)


def test_source_without_its_weights_or_of_another_width_is_refused(tmp_path):
    config = checkpoint("t5", tmp_path)
    with pytest.raises(ConfigError, match="'t5' needs a directory or a hub id"):
        build_language(config)
    with pytest.raises(ConfigError, match="has features of 32 channels; the configuration says 48"):
        build_language(dataclasses.replace(config, dim=48), tmp_path)
    with pytest.raises(ConfigError, match="'tiny' takes none"):
        build_language(NANO.language, tmp_path)
    with pytest.raises(ConfigError, match="language kind is 'word2vec'; allowed are tiny, llama, t5, minilm"):
        LanguageConfig("word2vec", 8, 8, 1)
