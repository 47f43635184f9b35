"""The log directory of this launch."""

from __future__ import annotations

from .. import logging as launch_logging
from ..launch_context import LaunchContext
from ..substitution import Substitution


class LaunchLogDir(Substitution):
    """The directory that holds the log files of this launch."""

    def describe(self) -> str:
        """Return the class's name."""
        return "LaunchLogDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the directory's path."""
        del context
        return launch_logging.launch_config.log_dir
