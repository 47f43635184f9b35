"""The words that follow `--ros-args` on a node's command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import launch.logging
import yaml
from launch.launch_context import LaunchContext

from ..parameter_descriptions import Parameter


class _QuotingDumper(yaml.SafeDumper):
    """Quotes every text: the parser of the nodes takes `1e5` for a number where YAML's rules do not."""


_QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'")
)


def write_parameter_file(section: str, parameters: dict[str, Any]) -> str:
    """Write parameters to a new temporary file and return its path.

    Args:
        section: the full name of the node, or `/**` for any.
        parameters: names and values.
    """
    with NamedTemporaryFile(mode="w", prefix="launch_params_", delete=False) as file:
        content = {section: {"ros__parameters": parameters}}
        yaml.dump(content, file, Dumper=_QuotingDumper, default_flow_style=False)
    return file.name


def _rule(name: str, value: Any) -> str:
    text = yaml.dump(value, Dumper=_QuotingDumper, default_flow_style=True, width=float("inf"))
    return f"{name}:={text.removesuffix('...' + chr(10)).strip()}"


def parameter_arguments(
    context: LaunchContext, section: str, element: dict[str, Any] | Path | Parameter
) -> list[str]:
    """Return the words for one element of a node's parameters; a missing file is only warned of."""
    if isinstance(element, Parameter):
        return ["-p", _rule(*element.evaluate(context))]
    if isinstance(element, dict):
        return ["--params-file", write_parameter_file(section, element)]
    if not element.is_file():
        launch.logging.get_logger("launch_ros.actions.node").warning(
            "Parameter file path is not a file: %s", element
        )
        return []
    return ["--params-file", str(element)]


def global_parameter_arguments(elements: Iterable[tuple[str, Any] | str]) -> list[str]:
    """Return the words for what `SetParameter` and `SetParametersFromFile` have set.

    Raises:
        FileNotFoundError: a file is missing.
    """
    words: list[str] = []
    for element in elements:
        if isinstance(element, tuple):
            name, value = element
            words += ["-p", f"{name}:={value}"]
            continue
        path = Path(element).absolute()
        if not path.is_file():
            raise FileNotFoundError(f"SetParametersFromFile: '{path}' is not a file")
        words += ["--params-file", str(path)]
    return words


def remap_arguments(remappings: Iterable[tuple[str, str]]) -> list[str]:
    """Return the words for remappings."""
    return [word for src, dst in remappings for word in ("-r", f"{src}:={dst}")]
