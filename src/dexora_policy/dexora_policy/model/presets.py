"""The sizes of the policy that have a name; the visual encoder has presets of the same names."""

from __future__ import annotations

from dexora_core.errors import ConfigError

from dexora_policy.model.config import LanguageConfig, PolicyConfig


def _tiny_language(dim: int, heads: int) -> LanguageConfig:
    return LanguageConfig("tiny", dim, max_tokens=16, layers=2, heads=heads, vocabulary=2048)


_HANDS = tuple(range(12, 36))
_LLAMA_8B = LanguageConfig("llama", 4096, max_tokens=64, layers=4)
_LLAMA_1B = LanguageConfig("llama", 2048, max_tokens=32, layers=4)

PRESETS = {
    "nano": PolicyConfig(64, 4, 2, 16, views=4, tokens_per_view=17, language=_tiny_language(64, 4)),
    "tiny": PolicyConfig(128, 4, 4, 32, views=4, tokens_per_view=37, language=_tiny_language(128, 4)),
    # For training on a CPU: few tokens, a shorter chunk, and no need to learn where the robot is.
    "compact": PolicyConfig(
        128,
        4,
        3,
        24,
        views=4,
        tokens_per_view=37,
        language=_tiny_language(128, 4),
        resampled_tokens=16,
        action_frame="relative",
        absolute_joints=_HANDS,
    ),
    "small": PolicyConfig(256, 8, 6, 32, views=4, tokens_per_view=37, language=_tiny_language(256, 8)),
    "base": PolicyConfig(512, 8, 6, 32, views=4, tokens_per_view=64, language=_LLAMA_1B),
    "full": PolicyConfig(768, 8, 6, 32, views=4, tokens_per_view=257, language=_LLAMA_8B),
    "article": PolicyConfig(768, 8, 6, 16, views=3, tokens_per_view=257, language=_LLAMA_8B),
}


def preset(name: str) -> PolicyConfig:
    """Return the policy of a named size; change it with `dataclasses.replace`.

    Errors:
        ConfigError: an unknown name.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset {name!r} is unknown; there are {', '.join(PRESETS)}")
    return PRESETS[name]
