"""A machine made of scripts: fake interpreter, pip, colcon and dpkg, so that a set-up takes milliseconds."""

import io
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from setup_workspace.console import Console
from setup_workspace.paths import Workspace
from setup_workspace.steps import SetUp
from setup_workspace.virtual_environment import Interpreter

ROOT = Path(__file__).resolve().parents[2]

# Makes an environment whose python only knows `-m pip`, and whose colcon only knows `build`.
_INTERPRETER = """#!/bin/bash
echo "venv" >> "$FAKE_CALLS"
[ -n "$FAKE_VENV_FAILS" ] && exit 1
mkdir -p "$3/bin" "$3/lib/python3.11/site-packages" "$3/share/ros/cmake"
cp "$FAKE_HOME/pip" "$3/bin/python"
cp "$FAKE_HOME/colcon" "$3/bin/colcon"
"""
_PIP = """#!/bin/bash
echo "pip $*" >> "$FAKE_CALLS"
[ -n "$FAKE_PIP_SAYS" ] && echo "$FAKE_PIP_SAYS" && exit 1
[ -n "$FAKE_PIP_SLEEPS" ] && sleep "$FAKE_PIP_SLEEPS"
prefix="$(dirname "$(dirname "$0")")"
case "$*" in *"-r requirements"*)
  file="$prefix/share/ros/cmake/x.cmake"
  echo 'include "/opt/python/cp311-cp311/include/python3.11"' > "$file"
esac
exit 0
"""
_COLCON = """#!/bin/bash
echo "colcon $*" >> "$FAKE_CALLS"
selected=
for word in "$@"; do
  [ "$word" = --event-handlers ] && selected=
  if [ -n "$selected" ]; then
    if [ "$word" = "$FAKE_COLCON_FAILS" ]; then
      mkdir -p "build/$word"
      echo "error: no"
      echo "Failed   <<< $word [1.0s, exited with code 1]"
      exit 1
    fi
    mkdir -p "install/$word/share/$word" "build/$word" && touch "install/$word/share/$word/package.xml"
    echo "Finished <<< $word [1.0s]"
  fi
  [ "$word" = --packages-select ] && selected=yes
done
exit 0
"""
_PACKAGE = (
    """<package format="3"><name>{name}</name><export><build_type>{kind}</build_type></export></package>"""
)


@dataclass
class FakeMachine:
    """A checkout in a temporary directory and the scripts that its set-up meets."""

    home: Path
    workspace: Workspace
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> list[str]:
        """What was called since the machine was made or `forget` was called."""
        file = self.home / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def forget(self) -> None:
        (self.home / "calls").unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        scripts = {"FAKE_CALLS": str(self.home / "calls"), "FAKE_HOME": str(self.home)}
        path = f"{self.home / 'bin'}:{os.environ['PATH'] if self.settings.get('SYSTEM_PATH') else '/bin'}"
        return {"PATH": path, "HOME": str(self.home), **scripts, **self.settings}

    def command(self, name: str, text: str = "exit 0") -> None:
        """Put a script on the PATH."""
        write_script(self.home / "bin" / name, f"#!/bin/bash\n{text}\n")

    def interpreter(self) -> Interpreter:
        return Interpreter(str(self.home / "python"), "3.11", self.home / "include")

    def package(self, name: str, kind: str, folder: str = "src") -> Path:
        directory = self.workspace.root / folder / name
        (directory / name).mkdir(parents=True)
        (directory / "package.xml").write_text(_PACKAGE.format(name=name, kind=kind))
        return directory

    def set_up(self, wanted: str = "development") -> str:
        """Run the set-up and return what it said; its errors go to the caller."""
        said = io.StringIO()
        SetUp(self.workspace, self.interpreter(), self.environment(), Console(said)).run(wanted)
        return said.getvalue()


def write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """A machine on which a set-up succeeds; tests break it in one point."""
    home, root = tmp_path / "home", tmp_path / "dexora"
    (home / "include").mkdir(parents=True)
    (home / "include/Python.h").write_text("")
    for name, text in (("python", _INTERPRETER), ("pip", _PIP), ("colcon", _COLCON)):
        write_script(home / name, text)
    (root / ".setup").mkdir(parents=True)
    (root / "requirements").mkdir()
    for name in ("robot", "simulation", "development", "training"):
        (root / f"requirements/{name}.txt").write_text(f"{name}==1\nros-{name}==1\n")
    (root / "tools/ros2_from_pypi").mkdir(parents=True)
    (root / "tools/ros2_from_pypi/pyproject.toml").write_text("")
    (root / "tools/apt-packages.txt").write_text(
        "[build]\ng++\ncmake\n[simulation]\nlibegl1\n[python]\n{python}-dev\n"
    )
    (root / "colcon.meta").write_text("{}")
    made = FakeMachine(home, Workspace(root))
    made.command("dpkg-query", 'for name in "${@:4}"; do echo "$name installed"; done')
    made.command("g++")
    made.command("cmake")
    made.package("a_msgs", "ament_cmake")
    made.package("a_node", "ament_python")
    made.package("control_msgs", "ament_cmake", "tools/ros2_from_pypi/interfaces")
    return made


@pytest.fixture
def checkout_copy(tmp_path: Path) -> Path:
    """A copy of the sources and settings of this checkout, to plant offences in."""
    root = tmp_path / "copy"
    ignored = shutil.ignore_patterns(
        "__pycache__", "*.egg-info", "meshes", "*.onnx", "test", "*.stl", "*.obj"
    )
    shutil.copytree(ROOT / "src", root / "src", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "tools").mkdir()
    return root


@pytest.fixture
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable
