"""The first thing that went wrong in a node, kept until the node is configured anew."""

from __future__ import annotations

import traceback
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeFault:
    """An exception that escaped from a transition or a callback.

    Attributes:
        where: Transition or callback it escaped from.
        error_type: Class name of the exception.
        message: Its text.
        traceback_text: The full traceback.
        stamp_ns: Node time at which it was latched [ns].
    """

    where: str
    error_type: str
    message: str
    traceback_text: str
    stamp_ns: int

    @classmethod
    def from_exception(cls, where: str, error: BaseException, stamp_ns: int) -> NodeFault:
        """Describe `error`, traceback included."""
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return cls(where, type(error).__name__, str(error), text, stamp_ns)

    def __str__(self) -> str:
        return f"{self.where}: {self.error_type}: {self.message}"
