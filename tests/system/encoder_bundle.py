"""The bundle of the perception tests, whose encoder is a known linear map."""

import sys
from pathlib import Path

_SOURCES = Path(__file__).resolve().parents[2] / "src"
sys.path[:0] = [
    str(_SOURCES / package / "test") for package in ("dexora_perception", "dexora_core", "dexora_engines")
]

from encoder_cases import ENCODER_ID, SIZE, expected_tokens, make_bundle  # noqa: E402

__all__ = ["ENCODER_ID", "SIZE", "expected_tokens", "make_bundle"]
