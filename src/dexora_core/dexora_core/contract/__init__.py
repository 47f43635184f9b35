"""The robot as data: one YAML file per robot, loaded strictly into frozen values.

The order of the joints in the file is the policy layout. Every array that crosses a boundary travels with
names or with the contract's hash; nothing else in the suite may restate a limit, a name or an order.
"""

from dexora_core.contract.load import load_contract, parse_contract
from dexora_core.contract.model import RobotContract
from dexora_core.contract.specs import AgeLimit, AgeLimits, CameraSpec, GroupSpec, JointSpec, RateSpec

__all__ = [
    "AgeLimit",
    "AgeLimits",
    "CameraSpec",
    "GroupSpec",
    "JointSpec",
    "RateSpec",
    "RobotContract",
    "load_contract",
    "parse_contract",
]
