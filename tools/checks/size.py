"""One screen per function, one idea per file, no orphaned notes: the limits that only move one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from checks.result import Finding
from checks.sources import Source, library_sources

FUNCTION_LIMIT = 50
FILE_LIMIT = 300
_ORPHAN = re.compile(r"#\s*(TODO|FIXME|XXX)(?!\(#\d+\))")


def check_size(root: Path) -> list[Finding]:
    """Return every function and file in src/ and tools/ that is too long, and every note without an issue."""
    return [finding for source in library_sources(root, "src", "tools") for finding in _offences(source)]


def _offences(source: Source) -> Iterator[Finding]:
    lines = source.text.splitlines()
    if len(lines) > FILE_LIMIT:
        yield Finding(
            source.name, 1, f"{len(lines)} lines, the limit is {FILE_LIMIT}: find the second idea and split"
        )
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LIMIT:
                text = f"function {node.name} has {length} lines, the limit is {FUNCTION_LIMIT}: split it"
                yield Finding(source.name, node.lineno, text)
    for number, line in enumerate(lines, 1):
        if _ORPHAN.search(line):
            yield Finding(
                source.name, number, "a note without an issue number: write TODO(#<number>) or do it now"
            )
