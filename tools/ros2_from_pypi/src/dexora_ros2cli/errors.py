"""The one exception that ends a verb with a sentence for the user."""

from __future__ import annotations

SUBSET_HINT = (
    "it is outside the subset that dexora carries for machines without ROS 2; it needs an installed ROS 2"
)


class CliError(Exception):
    """A verb cannot do what was asked; the text says why and what to do. Exit code 1."""


def outside_subset(what: str) -> str:
    """Return the sentence that refuses `what`, something that only the original command can do."""
    return f"{what}: {SUBSET_HINT}"
