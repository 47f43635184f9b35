"""Images to tokens: a backbone, an adapter and an embedding per named view. Needs torch; no ROS."""

from dexora_perception.model.config import EncoderConfig
from dexora_perception.model.encoder import VisualEncoder
from dexora_perception.model.presets import PRESETS, preset

__all__ = ["PRESETS", "EncoderConfig", "VisualEncoder", "preset"]
