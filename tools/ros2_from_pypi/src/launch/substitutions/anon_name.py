"""Unique names."""

from __future__ import annotations

import os
import random
import socket
import sys

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class AnonName(Substitution):
    """A name made unique; the same name gives the same unique name within one launch."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        self._name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """The name to make unique."""
        return self._name

    def describe(self) -> str:
        """Return the name that is made unique."""
        return f"AnonName({' + '.join(sub.describe() for sub in self._name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return `<name>_<host>_<process>_<number>` with `.`, `-` and `:` as `_`."""
        name = perform_substitutions(context, self._name)
        key = f"anon{name}"
        if key not in context.launch_configurations:
            unique = f"{name}_{socket.gethostname()}_{os.getpid()}_{random.randint(0, sys.maxsize)}"
            context.launch_configurations[key] = unique.translate(str.maketrans(".-:", "___"))
        return str(context.launch_configurations[key])
