"""A remapping for the nodes that follow."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class SetRemap(Action):
    """Remaps a name for all nodes that follow, to the end of the scoped group."""

    def __init__(self, src: SomeSubstitutionsType, dst: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._src = normalize_to_list_of_substitutions(src)
        self._dst = normalize_to_list_of_substitutions(dst)

    @property
    def src(self) -> list[Substitution]:
        """The name in the node's code."""
        return self._src

    @property
    def dst(self) -> list[Substitution]:
        """The name to use instead."""
        return self._dst

    def execute(self, context: LaunchContext) -> None:
        """Add it to the remappings of the scope."""
        previous = context.launch_configurations.get("ros_remaps", [])
        pair = (perform_substitutions(context, self._src), perform_substitutions(context, self._dst))
        context.launch_configurations["ros_remaps"] = [*previous, pair]
