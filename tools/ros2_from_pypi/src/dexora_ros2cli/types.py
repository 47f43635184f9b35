"""From the name of an interface to its generated class and its definition file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from ament_index_python.resources import get_resource, get_resources

from dexora_ros2cli.errors import CliError

KIND_WORDS = {"msg": "message", "srv": "service", "action": "action"}


def split_type_name(name: str, kind: str) -> tuple[str, str, str]:
    """Split `package/kind/Name` or `package/Name` into its three parts.

    Raises:
        CliError: it has another form or is of another kind.
    """
    parts = name.split("/")
    if len(parts) == 2:
        parts = [parts[0], kind, parts[1]]
    # The messages inside a service or action are messages too: `pkg/action/Name_FeedbackMessage`.
    is_right_kind = len(parts) == 3 and (parts[1] == kind or (kind == "msg" and parts[1] in KIND_WORDS))
    if not is_right_kind or not all(parts):
        raise CliError(
            f"The passed {KIND_WORDS[kind]} type is invalid: '{name}' is not of the form package/{kind}/Name"
        )
    return parts[0], parts[1], parts[2]


def load_type(name: str, kind: str) -> Any:
    """Return the generated Python class of an interface.

    Args:
        name: `package/kind/Name`, or `package/Name`.
        kind: "msg", "srv" or "action".

    Raises:
        CliError: there is no such interface, or its package is not built.
    """
    package, folder, type_name = split_type_name(name, kind)
    word = KIND_WORDS[kind]
    try:
        module = importlib.import_module(f"{package}.{folder}")
    except ModuleNotFoundError as error:
        raise CliError(
            f"The passed {word} type is invalid: '{name}': package '{package}' has no built {folder} types; "
            "build it and source the workspace"
        ) from error
    found = getattr(module, type_name, None)
    if found is None:
        found = _nested(module, type_name)
    if found is None:
        known = ", ".join(sorted(n for n in dir(module) if n[:1].isupper()))
        raise CliError(f"The passed {word} type is invalid: '{name}' does not exist; {package} has: {known}")
    return found


def _nested(module: Any, type_name: str) -> Any:
    """Return the class of a message that belongs to a service or action, such as `Name_FeedbackMessage`."""
    owner, _, part = type_name.rpartition("_")
    outer = getattr(module, owner, None)
    holder = getattr(outer, "Impl", outer)
    return getattr(holder, part, None) or getattr(outer, part, None)


def interface_packages() -> list[str]:
    """Return the names of all packages that define interfaces, sorted."""
    return sorted(get_resources("rosidl_interfaces"))


def interfaces_of(package: str) -> list[str]:
    """Return the interfaces of `package` in the form `msg/Name`, sorted.

    Raises:
        CliError: the package defines none.
    """
    try:
        content, _ = get_resource("rosidl_interfaces", package)
    except LookupError as error:
        raise CliError(f"Unknown package '{package}'") from error
    lines = (line.partition(".") for line in content.splitlines())
    return sorted({stem for stem, _, ending in lines if ending in KIND_WORDS})


def definition_path(name: str) -> Path:
    """Return the file that defines `package/kind/Name`.

    Raises:
        CliError: there is none.
    """
    parts = name.split("/")
    if len(parts) != 3 or parts[1] not in KIND_WORDS:
        raise CliError(
            f"Invalid name '{name}'. Expected three parts separated by '/', e.g. 'std_msgs/msg/String'"
        )
    package, kind, type_name = parts
    try:
        share = Path(get_package_share_directory(package))
    except PackageNotFoundError as error:
        raise CliError(f"Unknown package '{package}'") from error
    path = share / kind / f"{type_name}.{kind}"
    if not path.is_file():
        raise CliError(f"Could not find the interface '{name}': there is no {path}")
    return path
