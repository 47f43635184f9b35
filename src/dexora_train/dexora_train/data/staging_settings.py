"""What all episodes of a staging folder have in common; one that was begun otherwise is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexora_train.data.errors import DatasetError
from dexora_train.whole_file import write_whole

_FILE = ".settings.json"
_COMMON = ("image_size", "disturbance_rad", "stray_share", "robot", "is_lossless")

_UNSAID = {"stray_share": 0.0}
"""What a folder means that was begun before there was such a setting."""


def claim_staging(directory: Path, settings: Mapping[str, Any]) -> None:
    """Remember how a folder's episodes are recorded; refuse to mix in others.

    Tasks, seeds, number of episodes and workers may change from call to call.

    Args:
        directory: The staging folder; made when needed.
        settings: Of `CollectConfig`, as plain data.

    Raises:
        DatasetError: The folder's episodes were recorded otherwise, or it cannot be written.
    """
    path, wanted = directory / _FILE, {name: settings[name] for name in _COMMON}
    try:
        if not path.is_file():
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(wanted))
        found = {**_UNSAID, **json.loads(path.read_text())}
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path} cannot be read or written ({error}); free some space, or remove it."
        ) from error
    for name, value in wanted.items():
        if found.get(name) != value:
            raise DatasetError(
                f"{directory} holds episodes with {name} {found.get(name)!r}, now it is {value!r}; take that "
                "again to go on, or another folder to begin anew."
            )
