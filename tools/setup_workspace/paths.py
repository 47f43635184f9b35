"""Where everything lies, relative to the root of the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The checkout that is being set up.

    Attributes:
        root: Absolute path of the checkout.
    """

    root: Path

    @property
    def venv(self) -> Path:
        """Virtual environment, which is also the prefix of ROS 2."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Interpreter of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def state(self) -> Path:
        """Directory of stamps, lock and log; safe to delete, then everything is checked again."""
        return self.root / ".setup"

    @property
    def log(self) -> Path:
        """Complete output of every command that the set-up ran last."""
        return self.state / "log"

    @property
    def requirements(self) -> Path:
        """Directory of the pinned environments."""
        return self.root / "requirements"

    @property
    def build(self) -> Path:
        """Build space of colcon."""
        return self.root / "build"

    @property
    def install(self) -> Path:
        """Install space of colcon."""
        return self.root / "install"


def this_workspace() -> Workspace:
    """Return the checkout that this file belongs to."""
    return Workspace(Path(__file__).resolve().parents[2])
