"""What goes wrong in training."""

from __future__ import annotations

from dexora_core.errors import DexoraError


class TrainingError(DexoraError):
    """Training cannot start or go on; the sentence says what to change. Nothing written before is touched."""
