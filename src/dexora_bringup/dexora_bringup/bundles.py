"""The policies that the suite ships, and which directory `bundle:=` means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexora_bringup.arguments import LaunchArgumentError

FOLDER, MANIFEST = "bundles", "manifest.json"
SHIPPED_TASKS = ("reach", "lift", "bimanual_lift")
"""What the shipped policies do well enough to play by default; the card in `bundles` has the figures."""


def shipped_bundles(share: Path) -> dict[str, Path]:
    """Return the shipped bundles by name, in the order of their names; none where none is installed.

    A workspace that is built with links has links in its share directory, and a bundle with links is refused:
    the directories are those that the links lead to.

    Args:
        share: Share directory of the package.
    """
    manifests = sorted((share / FOLDER).glob(f"*/{MANIFEST}"))
    return {manifest.parent.name: manifest.resolve().parent for manifest in manifests}


def find_bundle(text: str, shipped: Mapping[str, Path]) -> str:
    """Return the directory that `bundle:=text` means: a shipped bundle by its name, or a path.

    Args:
        text: What was typed.
        shipped: The shipped bundles by name.

    Raises:
        LaunchArgumentError: Neither is there; the text lists what is.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return str(path.absolute())
    if text in shipped:
        return str(shipped[text])
    names = ", ".join(shipped) or "none: this copy of the suite comes without a trained policy"
    raise LaunchArgumentError(
        f"bundle:={text} is neither a directory nor a bundle that is shipped ({names}); give the "
        "directory of a bundle, or leave bundle out"
    )


def default_bundle(robot: str, task: str, shipped: Mapping[str, Path]) -> str:
    """Return the directory of the first shipped bundle that does a task with a robot; empty for none.

    Args:
        robot: Name of the robot's contract.
        task: Name of the task.
        shipped: The shipped bundles by name.
    """
    if task not in SHIPPED_TASKS:
        return ""
    return next((str(path) for path in shipped.values() if _manifest(path).get("robot") == robot), "")


def _manifest(bundle: Path) -> dict[str, Any]:
    """Return what the manifest says; whether it is right is for the nodes to say."""
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}
