"""Writes a page of the documentation that is made from code, or tells that it is out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def run(command: str, build: Callable[[], str], page: Path, arguments: Sequence[str] | None = None) -> int:
    """Run the command line of a generated page.

    Args:
        command: How it is called, such as `python -m dexora_core.fault_reference`.
        build: Returns the whole page as Markdown.
        page: Where the page belongs, relative to the repository.
        arguments: Command line arguments; those of the process when left out.

    Returns:
        1 when `--check` finds the page out of date, else 0.
    """
    parser = argparse.ArgumentParser(prog=command, description=f"Generate {page}.")
    parser.add_argument("--output", type=Path, default=page)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    text, output = build(), options.output
    if options.check:
        if output.is_file() and output.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{output} is out of date: run {command}\n")
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    return 0
