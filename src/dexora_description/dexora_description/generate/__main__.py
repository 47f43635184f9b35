"""`python -m dexora_description.generate [--check]`: write URDF and MJCF, or only check them."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from dexora_description.generate.mjcf import mjcf
from dexora_description.generate.robot import build
from dexora_description.generate.urdf import urdf
from dexora_description.paths import DEFAULT_ROBOT, contract_path

LOG = logging.getLogger("dexora_description.generate")


def outputs(robot: str = DEFAULT_ROBOT) -> dict[Path, str]:
    """Return the text of every generated file by the path where it belongs."""
    contract = contract_path(robot)
    root = contract.parent.parent
    model = build(contract)
    return {root / "urdf" / f"{robot}.urdf": urdf(model), root / "mjcf" / f"{robot}.xml": mjcf(model)}


def main(arguments: list[str] | None = None) -> int:
    """Write the files; with `--check` write nothing and return 1 where one is out of date."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    parser = argparse.ArgumentParser(prog="python -m dexora_description.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    check = parser.parse_args(arguments).check
    stale = 0
    for path, text in outputs().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            LOG.info("%s is up to date", path)
            continue
        stale += 1
        if check:
            LOG.error("%s is out of date; run python -m dexora_description.generate", path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        LOG.info("%s written", path)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
