"""The error of a launch file that cannot be loaded."""

from __future__ import annotations

from collections.abc import Sequence


class InvalidLaunchFileError(Exception):
    """A launch file cannot be loaded; the text names the likely cause."""

    def __init__(self, extension: str = "", *, likely_errors: Sequence[Exception] = ()) -> None:
        self._extension = extension
        self._likely_errors = list(likely_errors)
        subject = (
            f"Caught exception when trying to load file of format [{extension}]"
            if extension
            else ("The launch file may have a syntax error, or its format is unknown")
        )
        detail = "; ".join(str(error) for error in self._likely_errors)
        super().__init__(f"{subject}: {detail}" if detail else subject)
