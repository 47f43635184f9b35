"""Whether a bundle fits the robot it is to move, and the libraries it is to run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata

from dexora_core.bundle.load import Bundle
from dexora_core.contract import RobotContract
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal


def check_bundle(bundle: Bundle, contract: RobotContract) -> None:
    """Refuse a bundle that was made for another robot, joint order, camera order or layout.

    Cameras that the bundle does not use may be more than its own; those it uses must come in the contract's
    order.

    Raises:
        BundleError: `DX-BND-012` robot, `013` joints, `014` cameras, `015` limits, rate or horizon.
    """
    manifest, name = bundle.manifest, bundle.path.name
    if manifest.robot != contract.name:
        raise refusal(BundleError, "DX-BND-012", name, detail=f"{manifest.robot}, this is {contract.name}")
    if manifest.joint_names != contract.joint_names:
        detail = _difference(manifest.joint_names, contract.joint_names)
        raise refusal(BundleError, "DX-BND-013", name, detail=detail)
    if manifest.views != tuple(view for view in contract.views if view in manifest.views):
        detail = f"{', '.join(manifest.views)} against {', '.join(contract.views)}"
        raise refusal(BundleError, "DX-BND-014", name, detail=detail)
    if manifest.contract_hash != contract.layout_hash:
        detail = f"{manifest.contract_hash[:12]}, now {contract.layout_hash[:12]}"
        raise refusal(BundleError, "DX-BND-015", name, detail=detail)


def check_runtime(
    requires: Mapping[str, str], bundle: str, version_of: Callable[[str], str] = metadata.version
) -> None:
    """Refuse when a library is absent or older than the bundle needs.

    Args:
        requires: Least version of each library, such as `{"onnxruntime": ">=1.20"}`.
        bundle: Name of the bundle, for the message.
        version_of: Returns the installed version of a library, or raises `PackageNotFoundError`.

    Raises:
        BundleError: `DX-BND-019`.
    """
    for library, requirement in requires.items():
        try:
            installed = version_of(library)
        except metadata.PackageNotFoundError:
            installed = "none"
        if installed == "none" or _release(installed) < _release(requirement.removeprefix(">=")):
            detail = f"{library} {requirement}; installed is {installed}"
            raise refusal(BundleError, "DX-BND-019", bundle, detail=detail)


def _release(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, without zeros at the end: 1.20.0rc1 is (1, 20)."""
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _difference(found: tuple[str, ...], expected: tuple[str, ...]) -> str:
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing or extra:
        parts = [
            f"{what} {', '.join(names[:5])}"
            for what, names in (("missing", missing), ("unknown", extra))
            if names
        ]
        return "; ".join(parts)
    place = next(index for index, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
    return f"another order, joint {place} is {found[place]} where the contract has {expected[place]}"
