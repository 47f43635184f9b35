"""The path of a package's executable."""

from __future__ import annotations

import shutil
from pathlib import Path

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from .find_package import FindPackagePrefix


class ExecutableInPackage(FindPackagePrefix):
    """An executable in `lib/<package>` of an installed package."""

    def __init__(self, executable: SomeSubstitutionsType, package: SomeSubstitutionsType) -> None:
        super().__init__(package)
        self._executable = normalize_to_list_of_substitutions(executable)

    @property
    def executable(self) -> list[Substitution]:
        """The executable."""
        return self._executable

    def describe(self) -> str:
        """Return package and executable."""
        package = " + ".join(sub.describe() for sub in self._package)
        executable = " + ".join(sub.describe() for sub in self._executable)
        return f"ExecInPkg(pkg={package}, exec={executable})"

    def perform(self, context: LaunchContext) -> str:
        """Return the path.

        Raises:
            ament_index_python.packages.PackageNotFoundError: the package is not installed.
            SubstitutionFailure: it has no such executable.
        """
        executable = perform_substitutions(context, self._executable)
        package = perform_substitutions(context, self._package)
        prefix = super().perform(context)
        libexec = str(Path(prefix) / "lib" / package)
        if not Path(libexec).exists():
            raise SubstitutionFailure(
                f"package '{package}' found at '{prefix}', but libexec directory '{libexec}' does not exist"
            )
        found = shutil.which(executable, path=libexec)
        if found is None:
            raise SubstitutionFailure(
                f"executable '{executable}' not found on the libexec directory '{libexec}' "
            )
        return found
