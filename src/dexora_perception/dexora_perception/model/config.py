"""What a visual encoder is made of, as a value that travels in a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dexora_core.errors import ConfigError
from dexora_core.records import from_dict, to_dict

BACKBONES = ("dinov2", "vit")
STEMS = ("patch", "conv")
CLASS_TOKENS = 1


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Shape of the backbone and of what follows it.

    Attributes:
        backbone: `dinov2` (pre-trained, frozen) or `vit` (small, trained with the policy).
        image_size: Side of the square input image [px].
        patch_size: Side of a patch [px].
        backbone_width: Channels inside the backbone.
        backbone_layers: Transformer layers of the backbone.
        backbone_heads: Attention heads of the backbone.
        width: Channels D of a token that leaves the adapter.
        views: Camera names in the order of their ids; the bundle's manifest holds the same order.
        position_grid: Side of the grid of learned positions [patches]; 0: the image's own grid.
        pooled_grid: Side of the grid after average pooling [tokens]; 0: no pooling, class token kept.
        swiglu: Whether the backbone's feed-forward is gated (DINOv2-g).
        frozen: Whether the backbone never learns and stays in evaluation mode.
        stem: How `vit` cuts an image into patches: `patch` (one convolution) or `conv` (several small ones,
            which learn sooner from little data).
    """

    backbone: str
    image_size: int
    patch_size: int
    backbone_width: int
    backbone_layers: int
    backbone_heads: int
    width: int
    views: tuple[str, ...]
    position_grid: int = 0
    pooled_grid: int = 0
    swiglu: bool = False
    frozen: bool = True
    stem: str = "patch"

    def __post_init__(self) -> None:
        """Check what the shapes must satisfy.

        Errors:
            ConfigError: an unknown backbone or stem, sizes that do not divide, or a view named twice.
        """
        if self.backbone not in BACKBONES:
            raise ConfigError(f"backbone is {self.backbone!r}; allowed are {', '.join(BACKBONES)}")
        if self.stem not in STEMS or (self.stem != "patch" and self.backbone != "vit"):
            raise ConfigError(
                f"stem is {self.stem!r} of {self.backbone!r}; 'vit' takes {', '.join(STEMS)}, others 'patch'"
            )
        _check_divides("image_size", self.image_size, "patch_size", self.patch_size)
        _check_divides("backbone_width", self.backbone_width, "backbone_heads", self.backbone_heads)
        if self.pooled_grid:
            _check_divides("image grid", self.grid, "pooled_grid", self.pooled_grid)
        if not self.views or len(set(self.views)) != len(self.views):
            raise ConfigError(f"views are {list(self.views)}; name at least one camera and none twice")

    @property
    def grid(self) -> int:
        """Side of the image [patches]."""
        return self.image_size // self.patch_size

    @property
    def tokens_per_view(self) -> int:
        """Tokens N of one view after pooling."""
        return self.pooled_grid**2 if self.pooled_grid else self.grid**2 + CLASS_TOKENS

    def view_id(self, name: str) -> int:
        """Return the id of a camera by its name.

        Errors:
            ConfigError: a camera that this encoder was not made for.
        """
        if name not in self.views:
            raise ConfigError(f"view {name!r} is unknown; this encoder knows {', '.join(self.views)}")
        return self.views.index(name)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain data."""
        return to_dict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> EncoderConfig:
        """Read what `to_dict` gave; unknown keys are refused."""
        return from_dict(EncoderConfig, data)


def _check_divides(name: str, value: int, divisor_name: str, divisor: int) -> None:
    if divisor < 1 or value < 1 or value % divisor:
        raise ConfigError(f"{name} is {value}; it must be a multiple of {divisor_name} = {divisor}")
