"""Running a node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import launch.logging
from launch.actions import ExecuteProcess
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import (
    ensure_argument_type,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

from ..substitutions import ExecutableInPackage
from ..utilities.evaluate_parameters import evaluate_parameters
from ..utilities.namespace_utils import (
    check_namespace,
    check_node_name,
    make_namespace_absolute,
    prefix_namespace,
)
from ..utilities.normalize_parameters import normalize_parameters
from ._ros_arguments import global_parameter_arguments, parameter_arguments, remap_arguments

_Remappings = Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]]


class Node(ExecuteProcess):
    """Runs the executable of a node.

    Args:
        executable: the executable in the package, or its path where no package is given.
        package: the package.
        name: the node's name, instead of the one in its code.
        namespace: the node's namespace; a relative one comes below the pushed one.
        exec_name: the process's name, by default the executable's file name.
        parameters: mappings, files' paths, `ParameterFile` and `Parameter`, later ones winning.
        remappings: pairs of the name in the code and the name to use instead.
        ros_arguments: arguments after `--ros-args`.
        arguments: other arguments.
        kwargs: arguments of `ExecuteProcess`.
    """

    UNSPECIFIED_NODE_NAME = "<node_name_unspecified>"
    UNSPECIFIED_NODE_NAMESPACE = "<node_namespace_unspecified>"

    def __init__(
        self,
        *,
        executable: SomeSubstitutionsType,
        package: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: Sequence[Any] | None = None,
        remappings: _Remappings | None = None,
        ros_arguments: Iterable[SomeSubstitutionsType] | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        program = executable if package is None else ExecutableInPackage(executable, package)
        cmd = [program, *(arguments or [])]
        if ros_arguments is not None:
            cmd += ["--ros-args", *ros_arguments]
        super().__init__(cmd=[*cmd, "--ros-args"], name=exec_name, **kwargs)
        if parameters is not None:
            ensure_argument_type(parameters, (list,), "parameters", "Node")
        normalize = normalize_to_list_of_substitutions
        self._package = package
        self._executable = executable
        self._node_name = None if name is None else normalize(name)
        self._namespace = None if namespace is None else normalize(namespace)
        self._parameters = normalize_parameters(parameters or [])
        self._remappings = [(normalize(src), normalize(dst)) for src, dst in remappings or []]
        self._expanded_name: str | None = None
        self._expanded_namespace: str | None = None
        self._expanded_remappings: list[tuple[str, str]] | None = None
        self._final_node_name: str | None = None

    @property
    def node_package(self) -> SomeSubstitutionsType | None:
        """The package."""
        return self._package

    @property
    def node_executable(self) -> SomeSubstitutionsType:
        """The executable."""
        return self._executable

    @property
    def node_name(self) -> str:
        """The node's full name.

        Raises:
            RuntimeError: the action has not been executed.
        """
        if self._final_node_name is None:
            raise RuntimeError("cannot access 'node_name' before executing action")
        return self._final_node_name

    @property
    def expanded_node_namespace(self) -> str:
        """The namespace that the node was given."""
        return self._expanded_namespace or self.UNSPECIFIED_NODE_NAMESPACE

    @property
    def expanded_remapping_rules(self) -> list[tuple[str, str]] | None:
        """The remappings that the node was given, or None."""
        return self._expanded_remappings

    def is_node_name_fully_specified(self) -> bool:
        """Return whether the launch file decides both name and namespace."""
        return self._expanded_name is not None and self._expanded_namespace is not None

    def _expand_name(self, context: LaunchContext) -> None:
        if self._node_name is not None:
            self._expanded_name = perform_substitutions(context, self._node_name)
            check_node_name(self._expanded_name)
        namespace = None if self._namespace is None else perform_substitutions(context, self._namespace)
        base = context.launch_configurations.get("ros_namespace")
        self._expanded_namespace = make_namespace_absolute(prefix_namespace(base, namespace))
        if self._expanded_namespace is not None:
            check_namespace(self._expanded_namespace)

    def _perform_substitutions(self, context: LaunchContext) -> None:
        """Find out the node's name and add the ROS arguments to the command line, once."""
        if self._final_node_name is not None:
            return
        try:
            self._expand_name(context)
        except Exception:
            launch.logging.get_logger("launch_ros.actions.node").error(
                "Error while expanding or validating node name or namespace for 'package=%s, executable=%s, "
                "name=%s, namespace=%s':",
                *(_text(v) for v in (self._package, self._executable, self._node_name, self._namespace)),
            )
            raise
        name = self._expanded_name or self.UNSPECIFIED_NODE_NAME
        self._final_node_name = prefix_namespace(self.expanded_node_namespace, name)
        cmd = self.process_description.cmd
        cmd.extend(normalize_to_list_of_substitutions(word) for word in self._ros_arguments(context))

    def _ros_arguments(self, context: LaunchContext) -> list[str]:
        words: list[str] = []
        if self._expanded_name is not None:
            words += ["-r", f"__node:={self._expanded_name}"]
        if self._expanded_namespace is not None:
            words += ["-r", f"__ns:={self._expanded_namespace}"]
        words += global_parameter_arguments(context.launch_configurations.get("global_params", []))
        section = self.node_name if self.is_node_name_fully_specified() else "/**"
        for element in evaluate_parameters(context, self._parameters):
            words += parameter_arguments(context, section, element)
        remappings = list(context.launch_configurations.get("ros_remaps", []))
        remappings += [
            (perform_substitutions(context, src), perform_substitutions(context, dst))
            for src, dst in self._remappings
        ]
        self._expanded_remappings = remappings or None
        return words + remap_arguments(remappings)

    def _warn_of_duplicate(self, context: LaunchContext) -> None:
        counts = context.get_locals_as_dict().get("unique_ros_node_names", {})
        counts[self.node_name] = counts.get(self.node_name, 0) + 1
        context.extend_globals({"unique_ros_node_names": counts})
        if counts[self.node_name] > 1:
            launch.logging.get_logger(str(self.name)).warning(
                "there are now at least %d nodes with the name %s created within this launch context",
                counts[self.node_name],
                self.node_name,
            )

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the node.

        Raises:
            ValueError: name or namespace is none.
            TypeError: a parameter has a value that no parameter can have.
        """
        self._perform_substitutions(context)
        entities = super().execute(context)
        if self.is_node_name_fully_specified():
            self._warn_of_duplicate(context)
        return entities


def _text(value: SomeSubstitutionsType | Path | None) -> str:
    if value is None or isinstance(value, (str, Path)):
        return str(value)
    parts = [value] if isinstance(value, Substitution) else list(value)
    return " + ".join(part.describe() if isinstance(part, Substitution) else str(part) for part in parts)
