"""From a directory to a `Bundle` whose every byte is accounted for, or to a sentence that says why not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle.files import check_hashes, check_listing, read_manifest
from dexora_core.bundle.manifest import Manifest
from dexora_core.bundle.parse import parse_manifest
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle.

    Attributes:
        path: Its directory.
        manifest: What it says about itself.
        manifest_hash: SHA-256 (hex) of the manifest, and so of everything in the bundle.
    """

    path: Path
    manifest: Manifest
    manifest_hash: str

    @property
    def bundle_id(self) -> str:
        """Name and the first 12 digits of the hash: what messages and logs carry."""
        return f"{self.manifest.name}-{self.manifest_hash[:12]}"

    def has(self, name: str) -> bool:
        """Return whether the manifest lists a file of this name."""
        return name in self.manifest.files

    def file(self, name: str) -> Path:
        """Return the path of a listed file.

        Raises:
            BundleError: `DX-BND-005`: the manifest lists no such file.
        """
        if not self.has(name):
            detail = f"{name} (listed are {', '.join(self.manifest.files)})"
            raise refusal(BundleError, "DX-BND-005", self.path.name, detail=detail)
        return self.path / name


def load_bundle(path: Path | str, *, verify: bool = True) -> Bundle:
    """Load a bundle.

    Args:
        path: Its directory.
        verify: Also compare the SHA-256 of every file; the manifest's own is always compared.

    Raises:
        BundleError: `DX-BND-001` to `DX-BND-011`; the message says what is wrong and what to do.
    """
    path = Path(path)
    text = read_manifest(path)
    manifest = parse_manifest(text, path.name)
    check_listing(path, manifest.files)
    if verify:
        check_hashes(path, manifest.files)
    return Bundle(path, manifest, hashlib.sha256(text).hexdigest())
