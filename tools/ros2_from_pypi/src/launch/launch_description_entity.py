"""The base of everything that a launch description may hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ._subset import Checked

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class LaunchDescriptionEntity(Checked):
    """Something that can be described, and visited while launching."""

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Do the entity's work and return the entities to visit next, or None."""
        del context
        return None

    def describe(self) -> str:
        """Return a text that tells the entity from others."""
        return f"{type(self).__name__}({id(self)})"

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities that a visit will certainly lead to."""
        return []

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return pairs of a condition in words and the entities that it leads to."""
        return []

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the entity's work has ended, or None."""
        return None
