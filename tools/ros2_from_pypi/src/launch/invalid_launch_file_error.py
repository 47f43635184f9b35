"""The error of a launch file that cannot be loaded."""

from __future__ import annotations

from collections.abc import Sequence


class InvalidLaunchFileError(Exception):
    """A launch file cannot be loaded; the text names the likely causes."""

    def __init__(self, extension: str = "", *, likely_errors: Sequence[Exception] = ()) -> None:
        self._extension = extension
        self._likely_errors = list(likely_errors)
        causes = "; ".join(f"{type(error).__name__}: {error}" for error in likely_errors)
        if not extension or not causes:
            unknown = "The launch file may have a syntax error, or its format is unknown"
            super().__init__(f"{unknown}: {causes}" if causes else unknown)
        else:
            super().__init__(f"Caught exception when trying to load file of format [{extension}]: {causes}")
