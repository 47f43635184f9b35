"""Visiting entities and those that they lead to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .launch_context import LaunchContext
    from .launch_description_entity import LaunchDescriptionEntity


def visit_entity(
    entity: LaunchDescriptionEntity,
    context: LaunchContext,
    pending: list[tuple[LaunchDescriptionEntity, asyncio.Future[Any]]],
) -> None:
    """Visit an entity, then what it leads to, each in a scope of its own.

    Futures go into `pending` at once, so that an exception further on loses no process that runs already.
    """
    context._push_locals()
    try:
        sub_entities = entity.visit(context)
        future = entity.get_asyncio_future()
        if future is not None:
            pending.append((entity, future))
        for sub_entity in sub_entities or ():
            visit_entity(sub_entity, context, pending)
    finally:
        context._pop_locals()
