"""The files of a bundle: which names are allowed, and whether what lies there is what the manifest lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from dexora_core.bundle.manifest import FileEntry
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

MANIFEST = "manifest.json"
MANIFEST_HASH = "manifest.sha256"
SIGNATURE = "manifest.sig"
# These guard the manifest, so that it cannot list them.
RESERVED = (MANIFEST, MANIFEST_HASH, SIGNATURE)
# Flat names only: nothing can point out of the directory, on any system.
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
MAX_MANIFEST_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, read block by block."""
    digest, block = hashlib.sha256(), memoryview(bytearray(_BLOCK_BYTES))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def manifest_hash_line(manifest: bytes) -> str:
    """Return the text of `manifest.sha256`, which `sha256sum --check` understands."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n"


def read_manifest(path: Path) -> bytes:
    """Return the bytes of the manifest of the bundle at `path`, which its own hash confirms.

    Raises:
        BundleError: `DX-BND-001` unreadable, `005` a file is missing, `007` hash and manifest differ.
    """
    name = path.name
    if not path.is_dir():
        raise refusal(BundleError, "DX-BND-001", name, detail=f"{path} is no directory")
    guarded, guard = (_read_small(path / file, name) for file in (MANIFEST, MANIFEST_HASH))
    if guard != manifest_hash_line(guarded).encode():
        raise refusal(BundleError, "DX-BND-007", name, detail=MANIFEST)
    return guarded


def check_listing(path: Path, files: Mapping[str, FileEntry]) -> None:
    """Refuse links, and files that are missing, not listed or of another size.

    Raises:
        BundleError: `DX-BND-004`, `005`, `006` or `008`, which names the file.
    """
    bundle = path.name
    present = {entry.name: entry for entry in path.iterdir()}
    for name, entry in present.items():
        if entry.is_symlink():
            raise refusal(BundleError, "DX-BND-004", bundle, detail=f"{name!r}, a link")
        if name not in files and name not in RESERVED:
            raise refusal(BundleError, "DX-BND-008", bundle, detail=repr(name))
    for name, listed in files.items():
        if name not in present or not present[name].is_file():
            raise refusal(BundleError, "DX-BND-005", bundle, detail=name)
        size = present[name].stat().st_size
        if size != listed.bytes:
            detail = f"{name} ({size} bytes, the manifest says {listed.bytes})"
            raise refusal(BundleError, "DX-BND-006", bundle, detail=detail)


def check_hashes(path: Path, files: Mapping[str, FileEntry]) -> None:
    """Refuse a file whose SHA-256 differs.

    Raises:
        BundleError: `DX-BND-007`, which names the file; `DX-BND-001` when it cannot be read.
    """
    for name, listed in files.items():
        try:
            found = file_sha256(path / name)
        except OSError as error:
            raise refusal(BundleError, "DX-BND-001", path.name, detail=f"{name}: {error.strerror}") from error
        if found != listed.sha256:
            raise refusal(BundleError, "DX-BND-007", path.name, detail=name)


def _read_small(path: Path, bundle: str) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        raise refusal(BundleError, "DX-BND-005", bundle, detail=path.name) from None
    except OSError as error:
        raise refusal(BundleError, "DX-BND-001", bundle, detail=f"{path.name}: {error.strerror}") from error
    if len(content) > MAX_MANIFEST_BYTES:
        detail = f"{path.name} is longer than {MAX_MANIFEST_BYTES} bytes"
        raise refusal(BundleError, "DX-BND-002", bundle, detail=detail)
    return content
