"""Names and namespaces of nodes."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_root_namespace(namespace: str) -> bool:
    """Return whether the namespace is `/`."""
    return namespace == "/"


def is_namespace_absolute(namespace: str) -> bool:
    """Return whether the namespace begins with `/`."""
    return namespace.startswith("/")


def make_namespace_absolute(namespace: str | None) -> str | None:
    """Return the namespace beginning with `/`; None stays None."""
    if namespace is None or is_namespace_absolute(namespace):
        return namespace
    return f"/{namespace}"


def prefix_namespace(base: str | None, namespace: str | None) -> str | None:
    """Put a namespace or name below a base; an absolute one replaces the base, None means none."""
    if namespace is None:
        return base
    if base is None or is_namespace_absolute(namespace):
        return namespace
    joined = f"{base.rstrip('/')}/{namespace}"
    return joined if is_root_namespace(joined) else joined.rstrip("/")


def check_node_name(name: str) -> None:
    """Refuse what is no node name.

    Raises:
        ValueError: it is not made of letters, digits and `_`, or begins with a digit.
    """
    if _TOKEN.match(name) is None:
        raise ValueError(
            f"Invalid node name: node name must not be empty, begin with a number or contain characters "
            f"other than alphanumerics or '_': '{name}'"
        )


def check_namespace(namespace: str) -> None:
    """Refuse what is no absolute namespace.

    Raises:
        ValueError: one of its parts is not made of letters, digits and `_`, or begins with a digit.
    """
    parts = [] if is_root_namespace(namespace) else namespace.split("/")[1:]
    if not is_namespace_absolute(namespace) or not all(_TOKEN.match(part) for part in parts):
        raise ValueError(
            f"Invalid namespace: namespace must be absolute, must not end with '/' and each of its parts "
            f"must not be empty, begin with a number or contain characters other than alphanumerics or "
            f"'_': '{namespace}'"
        )
