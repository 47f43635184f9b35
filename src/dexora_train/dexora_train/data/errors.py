"""What goes wrong with datasets."""

from __future__ import annotations

from dexora_core.errors import DexoraError


class DatasetError(DexoraError):
    """A dataset cannot be read or written; the sentence names the file and what to do."""
