"""The sizes of the visual encoder that have a name."""

from __future__ import annotations

from dexora_core.errors import ConfigError

from dexora_perception.model.config import EncoderConfig

VIEWS = ("top", "wrist_left", "wrist_right", "front")
_DINOV2_POSITION_GRID = 37  # the published checkpoints were trained at 518 px


def _vit(image_size: int, layers: int, heads: int, width: int, stem: str = "patch") -> EncoderConfig:
    return EncoderConfig("vit", image_size, 16, width, layers, heads, width, VIEWS, frozen=False, stem=stem)


def _dinov2(
    backbone: tuple[int, int, int], width: int, views: tuple[str, ...] = VIEWS, pooled_grid: int = 0
) -> EncoderConfig:
    return EncoderConfig(
        "dinov2", 224, 14, *backbone, width, views, _DINOV2_POSITION_GRID, pooled_grid=pooled_grid
    )


PRESETS = {
    "nano": _vit(64, layers=2, heads=4, width=64),
    "tiny": _vit(96, layers=4, heads=4, width=128),
    # For training on a CPU, with the policy's preset of this name.
    "compact": _vit(96, layers=2, heads=4, width=128, stem="conv"),
    "small": _vit(96, layers=6, heads=8, width=256),
    "base": _dinov2((768, 12, 12), width=512, pooled_grid=8),
    "full": _dinov2((1024, 24, 16), width=768),
    # The article's encoder, a ViT-H/14 with 1280 channels that DINOv2 never published.
    "article": _dinov2((1280, 32, 16), width=768, views=VIEWS[:3]),
}


def preset(name: str) -> EncoderConfig:
    """Return the encoder of a named size.

    Errors:
        ConfigError: an unknown name.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset {name!r} is unknown; there are {', '.join(PRESETS)}")
    return PRESETS[name]
