"""The steps in their order, each skipped when nothing that it depends on has changed."""

from __future__ import annotations

from collections.abc import Mapping

from setup_workspace import preflight, python_packages, system_packages, virtual_environment, workspace_build
from setup_workspace.commands import Commands
from setup_workspace.console import Console
from setup_workspace.environment import workspace_environment
from setup_workspace.packages import Package, find_packages, fingerprint, is_installed
from setup_workspace.paths import Workspace
from setup_workspace.stamps import Stamps, digest, digest_files
from setup_workspace.virtual_environment import Interpreter

_PIP_RUNNING = "pip-running"
_SYSTEM_PACKAGES = "system-packages"


class SetUp:
    """Brings one checkout up to date."""

    def __init__(
        self, workspace: Workspace, interpreter: Interpreter, environment: Mapping[str, str], console: Console
    ) -> None:
        self._workspace = workspace
        self._interpreter = interpreter
        self._environment = workspace_environment(workspace, environment)
        self._console = console
        self._commands = Commands(workspace)
        self._stamps = Stamps(workspace.state / "stamps")
        self._worked = False

    def run(self, wanted: str) -> bool:
        """Do what is left to do for the environment `wanted`; tell whether there was anything.

        Raises:
            SetupError: when a step cannot be done.
        """
        if self._commands.end_leftovers():
            self._console.say("ended what an interrupted set-up had left running")
        workspace_build.check_origin(self._workspace)
        self._system_packages(wanted)
        self._virtual_environment()
        self._python_packages(wanted)
        self._tools()
        self._build()
        return self._worked

    def _begin(self, step: str) -> None:
        if not self._worked:
            preflight.check_disk(self._workspace)
            self._workspace.log.write_text("")
            self._console.say(f"setting up {self._workspace.root} (all output in .setup/log)")
            self._worked = True
        self._console.begin(step)

    def _system_packages(self, wanted: str) -> None:
        file = self._workspace.root / "tools/apt-packages.txt"
        sections = ["build"] if wanted == "robot" else ["build", "simulation"]
        if self._interpreter.is_of_the_system:
            sections.append("python")
        packages = system_packages.read_list(file, f"python{self._interpreter.version}").of(*sections)
        value = digest(*packages)
        if self._stamps.matches(_SYSTEM_PACKAGES, value):
            return
        if system_packages.has_dpkg(self._environment):
            absent = system_packages.missing(packages, self._environment)
            if absent:
                prefix = system_packages.privilege(absent, self._environment)
                self._begin(f"system packages ({', '.join(absent)})")
                system_packages.install(absent, prefix, self._commands, self._environment)
                self._console.end()
        system_packages.check_commands(self._environment)
        self._stamps.write(_SYSTEM_PACKAGES, value)

    def _virtual_environment(self) -> None:
        if virtual_environment.is_ready(self._workspace, self._interpreter):
            return
        self._begin(f"virtual environment with Python {self._interpreter.version}")
        for name in self._stamps.names():
            if name != _SYSTEM_PACKAGES:
                self._stamps.drop(name)
        virtual_environment.create(self._workspace, self._interpreter, self._commands, self._environment)
        self._console.end()

    def _python_packages(self, wanted: str) -> None:
        values = {
            file: digest(file.read_text()) for file in python_packages.files_of(self._workspace, wanted)
        }
        if all(self._stamps.matches(f"pip-{file.stem}", value) for file, value in values.items()):
            return
        # What was installed beyond the wanted environment stays, and pip has to see its pins too.
        known = [
            file
            for file in python_packages.files_of(self._workspace, "training")
            if self._stamps.read(f"pip-{file.stem}")
        ]
        files = list(dict.fromkeys([*values, *known]))
        self._begin(f"Python packages ({', '.join(file.stem for file in files)})")
        libraries = virtual_environment.site_packages(self._workspace, self._interpreter)
        running = self._workspace.state / _PIP_RUNNING
        if running.exists():
            for name in virtual_environment.remove_half_installed(libraries):
                self._console.detail(f"half installed, so once more: {name}")
        running.write_text("")
        python_packages.install(files, self._workspace, self._commands, self._environment, self._console)
        headers = str(libraries / "numpy/_core/include")
        python_packages.rewrite_cmake_paths(self._workspace.venv, str(self._interpreter.headers), headers)
        running.unlink()
        for file in files:
            self._stamps.write(f"pip-{file.stem}", digest(file.read_text()))
        self._console.end()

    def _tools(self) -> None:
        directory = self._workspace.root / "tools/ros2_from_pypi"
        if not (directory / "pyproject.toml").exists():
            return
        value = digest_files(directory, [directory / "pyproject.toml"])
        if self._stamps.matches("ros2-from-pypi", value):
            return
        self._begin("launch and the ros2 command")
        python_packages.install_tools(self._workspace, self._commands, self._environment, self._console)
        self._stamps.write("ros2-from-pypi", value)
        self._console.end()

    def _build(self) -> None:
        pinned = (self._workspace.requirements / "robot.txt").read_text().splitlines()
        ros = [line for line in pinned if line.startswith("ros-")]
        meta = (self._workspace.root / "colcon.meta").read_text()
        identity = virtual_environment.identity(self._workspace, self._interpreter)
        surroundings = digest(identity, meta, *ros)
        packages = [
            (package, fingerprint(package, surroundings)) for package in find_packages(self._workspace)
        ]
        changed = [pair for pair in packages if not self._is_built(*pair)]
        if not changed:
            return
        self._begin(f"workspace ({len(changed)} of {len(packages)} packages)")
        system_packages.check_commands(self._environment)
        builder = workspace_build.Builder(
            self._workspace, self._commands, self._environment, self._stamps, self._console
        )
        builder.build(changed)
        self._console.end()

    def _is_built(self, package: Package, value: str) -> bool:
        return is_installed(package, self._workspace) and workspace_build.is_built(
            package, value, self._stamps
        )
