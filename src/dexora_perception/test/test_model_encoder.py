"""The visual encoder: uint8 in, tokens of named views out; frozen stays frozen, caching changes nothing."""

import dataclasses
import json

import pytest
import torch
from dexora_core.errors import ConfigError
from dexora_perception.model import PRESETS, EncoderConfig, VisualEncoder, preset
from dexora_perception.model.dinov2 import hugging_face_config
from torch import nn
from transformers import Dinov2Config, Dinov2Model

torch.set_num_threads(1)
NANO = preset("nano")
SMALL_DINOV2 = EncoderConfig("dinov2", 56, 14, 32, 2, 2, 24, ("top", "front"), position_grid=6, pooled_grid=2)


def make_encoder(config, seed=0):
    torch.manual_seed(seed)
    return VisualEncoder(config).eval()


def images(config, batch=1, seed=0):
    draw = torch.Generator().manual_seed(seed)
    shape = (batch, len(config.views), config.image_size, config.image_size, 3)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "backbone", "adapter", "tokens"),
    [
        ("nano", 150_528, 8_704, 17),
        ("tiny", 896_896, 33_792, 37),
        ("small", 4_946_048, 133_120, 37),
        ("base", 86_580_480, 659_456, 64),
        ("full", 304_368_640, 1_382_400, 257),
        ("article", 632_272_640, 1_578_240, 257),
    ],
)
def test_preset_has_its_parameters_and_tokens(name, backbone, adapter, tokens):
    config = preset(name)
    with torch.device("meta"):
        encoder = VisualEncoder(config)
    assert (count(encoder.backbone), count(encoder.adapter)) == (backbone, adapter)
    assert config.tokens_per_view == tokens
    seen = encoder(images(config).to("meta"), torch.arange(len(config.views), device="meta"))
    assert seen.shape == (1, len(config.views), tokens, config.width)


@pytest.mark.parametrize(
    ("width", "layers", "heads", "swiglu", "parameters"),
    [(384, 12, 6, False, 22_056_576), (1536, 40, 24, True, 1_136_480_768)],
)
def test_smallest_and_giant_backbone_have_their_parameters(width, layers, heads, swiglu, parameters):
    config = EncoderConfig("dinov2", 224, 14, width, layers, heads, 64, ("top",), 37, swiglu=swiglu)
    with torch.device("meta"):
        assert count(Dinov2Model(hugging_face_config(config))) == parameters


@pytest.mark.parametrize("config", [NANO, SMALL_DINOV2])
def test_cached_backbone_tokens_give_the_same_tokens(config):
    encoder, seen = make_encoder(config), images(config, batch=2)
    ids = encoder.view_ids(config.views)
    cached = encoder.backbone_tokens(seen)
    assert cached.shape == (2, len(config.views), config.tokens_per_view, config.backbone_width)
    assert torch.equal(encoder.adapt(cached, ids), encoder(seen, ids))


def test_frozen_backbone_stays_in_evaluation_mode_and_gets_no_gradient():
    encoder = make_encoder(SMALL_DINOV2).train()
    assert encoder.training
    assert not any(module.training for module in encoder.backbone.modules())
    encoder(images(SMALL_DINOV2), encoder.view_ids(SMALL_DINOV2.views)).sum().backward()
    assert all(parameter.grad is None for parameter in encoder.backbone.parameters())
    assert all(parameter.grad is not None for parameter in encoder.adapter.parameters())


def test_small_backbone_learns():
    encoder = make_encoder(NANO).train()
    encoder(images(NANO), encoder.view_ids(NANO.views)).square().sum().backward()
    assert all(parameter.grad.any() for parameter in encoder.backbone.parameters() if parameter.dim() > 1)


def test_pixels_are_normalised_as_the_backbone_was_trained():
    encoder, kept = make_encoder(NANO), []
    encoder.backbone.register_forward_pre_hook(lambda _, arguments: kept.append(arguments[0]))
    seen = torch.zeros(1, 1, 64, 64, 3, dtype=torch.uint8)
    seen[..., 0], seen[..., 1, :, 2] = 255, 128
    encoder.backbone_tokens(seen)
    red, blue = (1 - 0.485) / 0.229, (128 / 255 - 0.406) / 0.225
    assert kept[0].shape == (1, 3, 64, 64)
    assert kept[0][0, 0, 5, 5].item() == pytest.approx(red, abs=1e-5)
    assert kept[0][0, 2, 1, 5].item() == pytest.approx(blue, abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("config", [NANO, SMALL_DINOV2])
def test_backbone_in_bfloat16_gives_nearly_the_same_tokens(config):
    encoder, seen = make_encoder(config), images(config)
    ids = encoder.view_ids(config.views)
    exact = encoder(seen, ids)
    encoder.backbone.bfloat16()
    rough = encoder(seen, ids)
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).norm() / exact.norm() < 0.05


def test_view_is_known_by_its_name():
    encoder = make_encoder(NANO)
    seen = images(NANO)[:, :1].expand(-1, 2, -1, -1, -1)
    tokens = encoder(seen, encoder.view_ids(["front", "top"]))
    assert encoder.view_ids(["front", "top"]).tolist() == [3, 0]
    assert (tokens[0, 0] - tokens[0, 1]).abs().max() > 1e-3
    with pytest.raises(ConfigError, match="view 'rear' is unknown; this encoder knows top, wrist_left"):
        encoder.view_ids(["rear"])


def test_pooling_averages_neighbouring_patches():
    encoder = make_encoder(SMALL_DINOV2)
    plain = make_encoder(dataclasses.replace(SMALL_DINOV2, pooled_grid=0))
    plain.load_state_dict(encoder.state_dict())
    seen = images(SMALL_DINOV2)
    grid = plain.backbone_tokens(seen)[0, 0, 1:].unflatten(0, (4, 4))
    pooled = encoder.backbone_tokens(seen)[0, 0].unflatten(0, (2, 2))
    torch.testing.assert_close(pooled[1, 0], grid[2:4, 0:2].mean(dim=(0, 1)))


def test_checkpoint_is_loaded_and_folded_positions_change_nothing(tmp_path):
    torch.manual_seed(3)
    Dinov2Model(hugging_face_config(SMALL_DINOV2)).save_pretrained(tmp_path)
    encoder = VisualEncoder(SMALL_DINOV2, tmp_path).eval()
    seen = images(SMALL_DINOV2)
    before = encoder.backbone_tokens(seen)
    assert encoder.backbone.model.embeddings.position_embeddings.shape[1] == 6 * 6 + 1
    encoder.fold_positions()
    assert encoder.backbone.model.embeddings.position_embeddings.shape[1] == 4 * 4 + 1
    torch.testing.assert_close(encoder.backbone_tokens(seen), before, rtol=0, atol=1e-6)
    encoder.fold_positions()
    assert not torch.equal(make_encoder(SMALL_DINOV2).backbone_tokens(seen), before)


def test_checkpoint_of_another_shape_is_refused(tmp_path):
    other = Dinov2Config(hidden_size=32, num_hidden_layers=3, num_attention_heads=2)
    Dinov2Model(other).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="has num_hidden_layers = 3; the configuration asks for 2"):
        VisualEncoder(SMALL_DINOV2, tmp_path)
    with pytest.raises(ConfigError, match="the backbone 'vit' has no published checkpoint"):
        VisualEncoder(NANO, tmp_path)


class OneBatch(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, seen, ids):
        return self.encoder(seen[None], ids)[0]


@torch.no_grad()
@pytest.mark.parametrize("config", [NANO, dataclasses.replace(SMALL_DINOV2, views=("a", "b", "c"))])
def test_captured_graph_takes_any_number_of_views(config):
    encoder = make_encoder(config)
    encoder.fold_positions()
    views = torch.export.Dim("views", min=1, max=4)
    seen, ids = images(config)[0, :3], torch.arange(3)
    program = torch.export.export(OneBatch(encoder), (seen, ids), dynamic_shapes=({0: views}, {0: views}))
    for count_of_views in (1, 2):
        inputs = (seen[:count_of_views], ids[:count_of_views])
        torch.testing.assert_close(
            program.module()(*inputs), OneBatch(encoder)(*inputs), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "resnet"}, "backbone is 'resnet'; allowed are dinov2, vit"),
        ({"image_size": 60}, "image_size is 60; it must be a multiple of patch_size = 14"),
        ({"backbone_heads": 3}, "backbone_width is 32; it must be a multiple of backbone_heads = 3"),
        ({"pooled_grid": 3}, "image grid is 4; it must be a multiple of pooled_grid = 3"),
        ({"views": ("top", "top")}, "name at least one camera and none twice"),
    ],
)
def test_impossible_configuration_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(SMALL_DINOV2, **changes)


def test_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="preset 'huge' is unknown; there are nano, tiny"):
        preset("huge")


def test_configuration_comes_back_from_json():
    for config in PRESETS.values():
        assert EncoderConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_convolutional_stem_gives_the_tokens_of_a_patch_stem():
    config = preset("compact")
    images = torch.randint(0, 256, (1, 4, 96, 96, 3), dtype=torch.uint8)
    tokens = VisualEncoder(config)(images, torch.arange(4))
    assert tokens.shape == (1, 4, config.tokens_per_view, config.width)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stem": "fold"}, "stem is 'fold' of 'vit'; 'vit' takes patch, conv"),
        ({"backbone": "dinov2"}, "stem is 'conv' of 'dinov2'"),
    ],
)
def test_stem_that_there_is_not_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(preset("compact"), **changes)


def test_convolutional_stem_takes_patches_that_halving_reaches():
    config = dataclasses.replace(preset("compact"), patch_size=12)
    with pytest.raises(ConfigError, match="patch_size is 12; stem 'conv' takes a power of two"):
        VisualEncoder(config)
