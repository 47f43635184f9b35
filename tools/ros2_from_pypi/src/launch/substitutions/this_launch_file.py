"""The path of the launch file."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..substitution import Substitution
from .substitution_failure import SubstitutionFailure


class ThisLaunchFile(Substitution):
    """The path of the launch file in which the substitution stands."""

    def describe(self) -> str:
        """Return the class's name."""
        return "ThisLaunchFile()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path.

        Raises:
            SubstitutionFailure: it stands in no launch file.
        """
        scope = context.get_locals_as_dict()
        if "current_launch_file_path" not in scope:
            raise SubstitutionFailure("ThisLaunchFile used outside of a launch file (in a script)")
        return str(scope["current_launch_file_path"])
