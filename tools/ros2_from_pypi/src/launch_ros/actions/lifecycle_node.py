"""Running a managed node."""

from __future__ import annotations

from typing import Any

from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities.type_utils import normalize_typed_substitution, perform_typed_substitution

from ..utilities.lifecycle_autostart import start_managed_node
from .node import Node


class LifecycleNode(Node):
    """Runs a managed node, and brings it to the active state where wanted.

    Args:
        name: the node's name.
        namespace: the node's namespace; an empty one is the pushed one or `/`.
        autostart: whether the node is configured and activated.
        kwargs: arguments of `Node`.
    """

    def __init__(
        self,
        *,
        name: SomeSubstitutionsType,
        namespace: SomeSubstitutionsType,
        autostart: bool | SomeSubstitutionsType = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, namespace=namespace, **kwargs)
        self._autostart = normalize_typed_substitution(autostart, bool)

    @property
    def node_autostart(self) -> Any:
        """Whether the node is configured and activated."""
        return self._autostart

    @property
    def is_lifecycle_node(self) -> bool:
        """Always true."""
        return True

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the node, then its transitions in the background.

        Raises:
            RuntimeError: the node's name is unknown.
        """
        self._perform_substitutions(context)
        if not self.is_node_name_fully_specified():
            raise RuntimeError("node_name unexpectedly incomplete for lifecycle node")
        entities = super().execute(context)
        is_wanted = perform_typed_substitution(context, self._autostart, bool)
        if is_wanted and not context.is_shutdown:
            start_managed_node(context, self.node_name, self.get_asyncio_future())
        return entities
