"""Fetches a bundle from a hub, a web address or a folder: resumable, and complete and verified or not there.

Everything is gathered beside the target; what is there already and fits its hash is kept. Nothing is
trusted but hashes: the manifest's, which the caller may pin, and those that the manifest lists.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from http.client import HTTPException
from pathlib import Path

from dexora_core.bundle import MANIFEST, MANIFEST_HASH, SIGNATURE, Bundle, load_bundle, parse_manifest
from dexora_core.bundle.files import file_sha256, read_manifest
from dexora_core.bundle.manifest import FileEntry
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

from dexora_policy.bundle_sources import Source, open_source

_HASH = r"[0-9a-f]{64}"


def fetch_bundle(source: str, target: Path, *, revision: str = "", sha256: str = "") -> Bundle:
    """Fetch a bundle, or go on where the last try ended.

    Args:
        source: `owner/name` of a hub, `https://...` of a folder on a web server, or a folder.
        target: Where the bundle shall be; nothing may be there yet.
        revision: Commit of the hub's repository (40 digits); a hub needs one.
        sha256: Hash of the manifest that is expected; any when empty.

    Returns:
        The bundle at its place.

    Raises:
        BundleError: `DX-BND-018` when it cannot be fetched, and the codes of `load_bundle`. Nothing is at the
            target then.
    """
    if target.exists():
        raise refusal(BundleError, "DX-BND-018", target.name, detail=f"{target} exists already")
    if sha256 and not re.fullmatch(_HASH, sha256):
        raise refusal(BundleError, "DX-BND-018", target.name, detail=f"'{sha256}' is no SHA-256 of 64 digits")
    origin = open_source(source, revision, target.name)
    work = target.with_name(f".{target.name}.fetching") / target.name
    try:
        work.mkdir(parents=True, exist_ok=True)
        _gather(origin, work, sha256)
        load_bundle(work)
        work.rename(target)
        shutil.rmtree(work.parent)
    except (OSError, HTTPException) as error:
        raise refusal(BundleError, "DX-BND-018", target.name, detail=str(error)) from error
    return load_bundle(target, verify=False)


def _gather(origin: Source, work: Path, sha256: str) -> None:
    for name in (MANIFEST, MANIFEST_HASH, SIGNATURE):
        (work / name).unlink(missing_ok=True)
    origin.get(MANIFEST, work)
    origin.get(MANIFEST_HASH, work)
    origin.get_optional(SIGNATURE, work)
    text = read_manifest(work)
    if sha256 and hashlib.sha256(text).hexdigest() != sha256:
        detail = (
            f"the source holds another bundle than {sha256[:12]}, {hashlib.sha256(text).hexdigest()[:12]}"
        )
        raise refusal(BundleError, "DX-BND-018", work.name, detail=detail)
    files = parse_manifest(text, work.name).files
    _drop_strangers(work, set(files))
    for name, entry in files.items():
        if not _is_there(work / name, entry):
            origin.get(name, work, entry.bytes)
            _check_arrived(work / name, entry)


def _check_arrived(file: Path, entry: FileEntry) -> None:
    """Refuse what came: a part is kept for the next try, a whole file of other content is not."""
    size = file.stat().st_size
    if size < entry.bytes:
        detail = f"{file.name} ended after {size} of {entry.bytes} bytes"
        raise refusal(BundleError, "DX-BND-018", file.parent.name, detail=detail)
    if not _is_there(file, entry):
        file.unlink()
        raise refusal(BundleError, "DX-BND-007", file.parent.name, detail=file.name)


def _is_there(file: Path, entry: FileEntry) -> bool:
    return file.is_file() and file.stat().st_size == entry.bytes and file_sha256(file) == entry.sha256


def _drop_strangers(work: Path, names: set[str]) -> None:
    """Remove what an earlier try at another bundle has left here."""
    keep = names | {MANIFEST, MANIFEST_HASH, SIGNATURE}
    for entry in work.iterdir():
        if entry.name in keep and entry.is_file() and not entry.is_symlink():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
