"""The directory of the launch file."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..substitution import Substitution
from .substitution_failure import SubstitutionFailure


class ThisLaunchFileDir(Substitution):
    """The directory of the launch file in which the substitution stands."""

    def describe(self) -> str:
        """Return the class's name."""
        return "ThisLaunchFileDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the directory.

        Raises:
            SubstitutionFailure: it stands in no launch file.
        """
        scope = context.get_locals_as_dict()
        if "current_launch_file_directory" not in scope:
            raise SubstitutionFailure("ThisLaunchFileDir used outside of a launch file (in a script)")
        return str(scope["current_launch_file_directory"])
