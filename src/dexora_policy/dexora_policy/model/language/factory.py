"""From a configuration to a source of language features."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from dexora_core.errors import ConfigError

from dexora_policy.model.config import LanguageConfig
from dexora_policy.model.language.encoder import LanguageEncoder


def build_language(config: LanguageConfig, weights: str | Path | None = None) -> LanguageEncoder:
    """Return the source that a configuration names.

    Args:
        config: Kind and shape.
        weights: Directory or hub id of the checkpoint of a pre-trained source; None for `tiny` only.

    Errors:
        ConfigError: weights missing, or given for a source that has none; a checkpoint of another width.
    """
    if (weights is None) != (config.kind == "tiny"):
        need = "takes none" if config.kind == "tiny" else "needs a directory or a hub id"
        raise ConfigError(f"weights are {weights!r}; the language source {config.kind!r} {need}")
    source = importlib.import_module(f"dexora_policy.model.language.{config.kind}")
    encoder = cast(LanguageEncoder, source.build(config, weights))
    if encoder.dim != config.dim:
        raise ConfigError(
            f"{weights} has features of {encoder.dim} channels; the configuration says {config.dim}"
        )
    return encoder
