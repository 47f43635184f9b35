"""What goes wrong in an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dexora_core.errors import DexoraError


class EvaluationError(DexoraError):
    """An evaluation cannot start or go on; the sentence says what to change. Results on disk are kept."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one sentence that a file or folder cannot be written, such as on a full disk.

    Raises:
        EvaluationError: Instead of an `OSError` of the block.
    """
    try:
        yield
    except OSError as error:
        raise EvaluationError(
            f"{path}: cannot be written ({error}); make room, or choose another folder."
        ) from error
