"""Functions that choose processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...actions.execute_local import ExecuteLocal


def _matches(test: Callable[[dict[str, Any]], bool]) -> Callable[[ExecuteLocal], bool]:
    def matcher(action: ExecuteLocal) -> bool:
        return action.process_details is not None and test(action.process_details)

    return matcher


def matches_pid(pid: int) -> Callable[[ExecuteLocal], bool]:
    """Return a function that accepts the process with this id."""
    return _matches(lambda details: details.get("pid") == pid)


def matches_name(name: str) -> Callable[[ExecuteLocal], bool]:
    """Return a function that accepts processes with this name, with or without its number."""
    return _matches(lambda details: name in (details["name"], details["name"].rpartition("-")[0]))


def matches_executable(name: str) -> Callable[[ExecuteLocal], bool]:
    """Return a function that accepts processes whose executable has this file name."""
    return _matches(lambda details: os.path.basename(details["cmd"][0]) == name)  # noqa: PTH119
