"""What never enters the sources: code from data, shells, hidden network doors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from checks.result import Finding
from checks.sources import Source, library_sources

_UNSAFE_MODULES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
_UNSAFE_BUILTINS = ("eval", "exec")
_UNSAFE_CALLS = ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "torch.load")
_SAFE_LOADERS = ("SafeLoader", "CSafeLoader", "yaml.SafeLoader", "yaml.CSafeLoader")
_UNSAFE_KEYWORDS = {
    "shell": "starts a shell",
    "trust_remote_code": "runs code of a model hub",
    "allow_pickle": "unpickles",
}
# File, construct, and the reason why it is safe there.
ALLOWED = {
    ("tools/ros2_from_pypi/src/launch/substitutions/python_expression.py", "eval"): (
        "the documented behaviour of launch: evaluates text of a launch file, which is code already"
    ),
    ("tools/ros2_from_pypi/src/dexora_ros2cli/verbs/topic_echo.py", "eval"): (
        "the documented behaviour of --filter: evaluates what the user typed on the command line"
    ),
}


def check_security(root: Path) -> list[Finding]:
    """Return every unsafe construct in the sources, tools and benchmarks; tests may plant them."""
    sources = library_sources(root, "src", "tools", "benchmarks")
    found = [finding for source in sources if "checks" not in source.parts for finding in _offences(source)]
    return found + _text_offences(root)


def _offences(source: Source) -> Iterator[Finding]:
    for line, name in source.imports():
        if name.partition(".")[0] in _UNSAFE_MODULES:
            yield Finding(source.name, line, f"imports {name.partition('.')[0]}: loading such data runs code")
    loaders = _safe_loaders(source)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            for construct, why in _call_offences(node, loaders):
                if (source.name, construct) not in ALLOWED:
                    yield Finding(source.name, node.lineno, f"{construct}: {why}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value == "0.0.0.0":  # noqa: S104
            yield Finding(
                source.name, node.lineno, "0.0.0.0: opens a port to every network; name the address"
            )


def _safe_loaders(source: Source) -> tuple[str, ...]:
    """Return the names of YAML loaders that build plain values only, with those derived in this file."""
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    derived = [
        node.name for node in classes if any(ast.unparse(base) in _SAFE_LOADERS for base in node.bases)
    ]
    return (*_SAFE_LOADERS, *derived)


def _call_offences(call: ast.Call, loaders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    name = ast.unparse(call.func)
    if name in _UNSAFE_BUILTINS:
        yield name, "runs code from data"
    if name in _UNSAFE_CALLS:
        yield name, "runs a shell or code from data"
    given = [ast.unparse(value) for value in (*call.args[1:], *(keyword.value for keyword in call.keywords))]
    if name in ("yaml.load", "yaml.load_all") and not any(value in loaders for value in given):
        yield name, "builds arbitrary objects; use yaml.safe_load"
    for keyword in call.keywords:
        is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
        if keyword.arg in _UNSAFE_KEYWORDS and not is_off:
            yield f"{keyword.arg}=True", _UNSAFE_KEYWORDS[keyword.arg]


def _text_offences(root: Path) -> list[Finding]:
    """Return open doors in settings files, which are not Python."""
    found = []
    is_settings: Callable[[Path], bool] = lambda path: path.suffix in (".yaml", ".yml", ".xml", ".json")  # noqa: E731
    for folder in ("src", "docker"):
        for path in filter(is_settings, sorted((root / folder).rglob("*"))):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if "0.0.0.0" in line:  # noqa: S104
                    name = path.relative_to(root).as_posix()
                    found.append(
                        Finding(name, number, "0.0.0.0: opens a port to every network; name the address")
                    )
    return found
