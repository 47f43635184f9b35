"""Where a launch description comes from."""

from __future__ import annotations

import traceback

from . import logging as launch_logging
from ._subset import Checked
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .some_substitutions_type import SomeSubstitutionsType
from .utilities import normalize_to_list_of_substitutions, perform_substitutions


class LaunchDescriptionSource(Checked):
    """A launch description, or the place from which it is loaded when it is needed."""

    def __init__(
        self,
        launch_description: LaunchDescription | None = None,
        location: SomeSubstitutionsType = "<string>",
        method: str = "unspecified mechanism from a script",
    ) -> None:
        self._launch_description = launch_description
        self._location = normalize_to_list_of_substitutions(location)
        self._expanded_location: str | None = None
        self._method = method

    def try_get_launch_description_without_context(self) -> LaunchDescription | None:
        """Return the launch description, or None if it depends on values known only while launching."""
        if self._launch_description is None:
            try:
                return self._load(perform_substitutions(LaunchContext(), self._location))
            except Exception as error:  # noqa: BLE001 a launch file may raise anything; this is a guess
                logger = launch_logging.get_logger("launch.launch_description_source")
                logger.debug(traceback.format_exc())
                logger.debug("Failed to load the launch file without a context: %s", error)
        return self._launch_description

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """Return the launch description, loading it the first time."""
        if self._expanded_location is None:
            self._expanded_location = perform_substitutions(context, self._location)
        if self._launch_description is None:
            self._launch_description = self._load(self._expanded_location)
        return self._launch_description

    def _load(self, location: str) -> LaunchDescription:
        raise RuntimeError(
            f"LaunchDescriptionSource.get_launch_description(): called without launch description "
            f"being set (location: {location})"
        )

    @property
    def location(self) -> str:
        """The place; before it has been loaded, the substitutions that lead to it."""
        if self._expanded_location is not None:
            return self._expanded_location
        return " + ".join(sub.describe() for sub in self._location)

    @property
    def method(self) -> str:
        """How it is loaded, in words."""
        return self._method
