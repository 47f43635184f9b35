"""The policy as a network: tokens, language and joint state in, a chunk out. Needs torch; no ROS."""

from dexora_policy.model.config import ExtraSlot, LanguageConfig, PolicyConfig
from dexora_policy.model.context import Context, ExtraTokens
from dexora_policy.model.language import LanguageEncoder, build_language
from dexora_policy.model.policy import Policy
from dexora_policy.model.presets import PRESETS, preset

__all__ = [
    "PRESETS",
    "Context",
    "ExtraSlot",
    "ExtraTokens",
    "LanguageConfig",
    "LanguageEncoder",
    "Policy",
    "PolicyConfig",
    "build_language",
    "preset",
]
