"""Numbers and documents as text, the same on every machine so that outputs can be compared byte by byte."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

NOTICE = (
    "Written by `python -m dexora_description.generate`; change the generator or the contract, not this file."
)


def numbers(values: Iterable[float]) -> str:
    """Return numbers with ten decimals at most, without trailing zeros and without minus zero."""
    return " ".join(_number(float(value)) for value in values)


def document(root: ElementTree.Element) -> str:
    """Return an indented XML document with the notice that it is generated."""
    ElementTree.indent(root)
    return f'<?xml version="1.0"?>\n<!-- {NOTICE} -->\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _number(value: float) -> str:
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
