"""Where a package is installed."""

from __future__ import annotations

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class FindPackage(Substitution):
    """A directory of an installed package."""

    def __init__(self, package: SomeSubstitutionsType) -> None:
        self._package = normalize_to_list_of_substitutions(package)

    @property
    def package(self) -> list[Substitution]:
        """The package."""
        return self._package

    def describe(self) -> str:
        """Return the package."""
        return f"Pkg(pkg={' + '.join(sub.describe() for sub in self._package)})"

    def find(self, package_name: str) -> str:
        """Return the directory; subclasses must implement it."""
        raise NotImplementedError(f"{type(self).__name__}.find()")

    def perform(self, context: LaunchContext) -> str:
        """Return the directory.

        Raises:
            ament_index_python.packages.PackageNotFoundError: the package is not installed.
        """
        return self.find(perform_substitutions(context, self._package))


class FindPackagePrefix(FindPackage):
    """The directory below which a package is installed."""

    def find(self, package_name: str) -> str:
        """Return the directory."""
        return str(get_package_prefix(package_name))

    def describe(self) -> str:
        """Return the package."""
        return f"PkgPrefix(pkg={' + '.join(sub.describe() for sub in self._package)})"


class FindPackageShare(FindPackage):
    """The share directory of a package."""

    def find(self, package_name: str) -> str:
        """Return the directory."""
        return str(get_package_share_directory(package_name))

    def describe(self) -> str:
        """Return the package."""
        return f"PkgShare(pkg={' + '.join(sub.describe() for sub in self._package)})"
