"""What goes wrong in an evaluation."""

from __future__ import annotations

from dexora_core.errors import DexoraError


class EvaluationError(DexoraError):
    """An evaluation cannot start or go on; the sentence says what to change. Results on disk are kept."""
