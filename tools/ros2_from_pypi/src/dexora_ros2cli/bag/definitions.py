"""The full text of a message definition, as a bag carries it for readers that do not have the package."""

from __future__ import annotations

import json
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from dexora_ros2cli.definition import nested_type
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.types import definition_path

ENCODING = "ros2msg"
DELIMITER = "=" * 80


def full_definition(type_name: str) -> tuple[str, str]:
    """Return the definition of a message with everything it depends on, and the language it is written in.

    The parts after the first each begin with a line of 80 equal signs and a line `MSG: package/Name`.

    Args:
        type_name: `package/msg/Name`.

    Returns:
        Text and encoding; both empty when a part cannot be found (readers then need the package).
    """
    try:
        texts = _collect(type_name)
    except (CliError, OSError):
        return "", ""
    parts = [texts.pop(type_name)]
    for name, text in texts.items():
        package, _, short = name.split("/")
        parts.append(f"\n{DELIMITER}\nMSG: {package}/{short}\n{text}")
    return "".join(parts), ENCODING


def _collect(type_name: str) -> dict[str, str]:
    """Return the texts of a type and of all types below it, in the order in which they are met."""
    texts: dict[str, str] = {}
    waiting = [type_name]
    while waiting:
        name = waiting.pop(0)
        if name in texts:
            continue
        texts[name] = definition_path(name).read_text(encoding="utf-8")
        package = name.split("/")[0]
        found = (nested_type(line, package) for line in texts[name].splitlines())
        waiting += [inner for inner in found if inner is not None]
    return texts


def type_hash(type_name: str) -> str:
    """Return the RIHS01 hash of an installed type, or an empty text when it is not known here."""
    package, kind, short = type_name.split("/")
    try:
        path = Path(get_package_share_directory(package)) / kind / f"{short}.json"
        entries = json.loads(path.read_text(encoding="utf-8"))["type_hashes"]
    except (PackageNotFoundError, OSError, ValueError, KeyError):
        return ""
    return next((entry["hash_string"] for entry in entries if entry["type_name"] == type_name), "")
