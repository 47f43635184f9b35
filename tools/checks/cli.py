"""What `make check`, `make test` and `make bench` call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from checks.report import echo
from checks.static import run_static
from checks.suite import run_suite

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run `static`, `test` or `bench <name>` and return the exit status."""
    verb, *rest = arguments or ["static"]
    if verb == "static":
        return 1 if any(outcome.failure for outcome in run_static(ROOT)) else 0
    if verb == "test":
        return run_suite(ROOT)
    if verb == "bench":
        return _bench(ROOT, rest)
    echo(f"'{verb}' is none of: static, test, bench")
    return 2


def _bench(root: Path, arguments: Sequence[str]) -> int:
    """Run one file of benchmarks/, or list them."""
    known = sorted(file.stem for file in (root / "benchmarks").glob("*.py") if not file.stem.startswith("_"))
    name, *rest = [argument for argument in arguments if argument] or [""]
    if name not in known:
        echo(
            f"'{name}' is no benchmark; say make bench B=<name> with one of: {', '.join(known) or 'none yet'}"
        )
        return 2
    return subprocess.run([sys.executable, f"benchmarks/{name}.py", *rest], cwd=root, check=False).returncode
