"""The exception tree of the suite: whoever catches `DexoraError` catches all of ours and nothing else."""

from __future__ import annotations


class DexoraError(Exception):
    """Base of all errors raised by dexora.

    A message says what failed, the value, the bound and the next step. Where the error is a fault of the
    matrix it also carries the fault's stable code.

    Args:
        message: The sentence for the operator.
        code: Stable fault code such as `DX-CHK-004`, or empty.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message


class ContractError(DexoraError):
    """A robot contract, or data that must follow one, is malformed."""


class ConfigError(DexoraError):
    """A parameter is unknown, missing or out of its range."""


class FaultTableError(DexoraError):
    """A fault code that the table does not list."""


class ChunkError(DexoraError):
    """An action chunk is refused; `code` says under which rule."""


class TrajectoryError(DexoraError):
    """No trajectory inside the limits exists for what was asked."""


class BundleError(DexoraError):
    """A model bundle is damaged, incomplete or made for something else."""


class EngineError(DexoraError):
    """An inference engine cannot be built, loaded or run."""


class InstructionError(DexoraError):
    """An instruction is refused; `code` says under which rule."""


class DatasetError(DexoraError):
    """A dataset or a recording is malformed; the message names file and row."""


class HardwareError(DexoraError):
    """A device does not answer, or answers with an error."""


class TransportError(DexoraError):
    """Messages cannot be exchanged as configured."""
