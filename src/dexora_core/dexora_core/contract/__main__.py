"""`python -m dexora_core.contract <robot>.yaml [--urdf FILE] [--mjcf FILE]`: find faults."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from dexora_core.contract.load import load_contract
from dexora_core.contract_check import check_model, check_urdf
from dexora_core.errors import DexoraError

LOG = logging.getLogger("dexora_core.contract")


def main(arguments: list[str] | None = None) -> int:
    """Check a contract and, if given, the models beside it; return 0, or 1 after saying what is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    parser = argparse.ArgumentParser(prog="python -m dexora_core.contract", description=__doc__)
    parser.add_argument("contract", type=Path)
    parser.add_argument("--urdf", type=Path)
    parser.add_argument("--mjcf", type=Path)
    given = parser.parse_args(arguments)
    try:
        contract = load_contract(given.contract)
        if given.urdf:
            check_urdf(contract, given.urdf)
        if given.mjcf:
            check_model(contract, given.mjcf)
    except DexoraError as error:
        LOG.error("%s", error)
        return 1
    sizes = (len(contract.joints), len(contract.groups), len(contract.cameras))
    LOG.info("%s: %d joints, %d groups, %d cameras", contract.name, *sizes)
    LOG.info("hash %s", contract.hash)
    LOG.info("layout hash %s", contract.layout_hash)
    return 0


if __name__ == "__main__":
    sys.exit(main())
