"""Builds the error of a fault code: the table's sentence filled in, then what to do next."""

from __future__ import annotations

from typing import Any, TypeVar

from .errors import DexoraError
from .faults import make_fault

ErrorT = TypeVar("ErrorT", bound=DexoraError)


def refusal(kind: type[ErrorT], code: str, subject: str = "", **values: Any) -> ErrorT:
    """Return an error of `kind` that carries `code` and reads as the fault table words it.

    Args:
        kind: Class of the error, such as `BundleError`.
        code: Stable code of the fault table.
        subject: Bundle, engine, joint or view concerned.
        values: Named values of the sentence.

    Raises:
        FaultTableError: The table has no such code.
    """
    fault = make_fault(code, 0, subject, **values)
    return kind(f"{fault.sentence} {fault.spec.remedy}", code=code)
