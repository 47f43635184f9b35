"""Writes a bundle all at once: it is there complete and verified, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dexora_core.bundle.files import MANIFEST, MANIFEST_HASH, file_sha256, manifest_hash_line
from dexora_core.bundle.load import Bundle, load_bundle
from dexora_core.bundle.manifest import SCHEMA, FileEntry, LanguageSpec, Manifest
from dexora_core.bundle.parse import parse_manifest
from dexora_core.bundle.statistics import Statistics
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

_BLOCK_BYTES = 1 << 20


def write_bundle(
    directory: Path | str, manifest_fields: Mapping[str, Any], files: Mapping[str, Path | bytes]
) -> Bundle:
    """Write a bundle into a directory beside its target, verify it there and rename it.

    Args:
        directory: Where the bundle shall be; nothing may be there yet.
        manifest_fields: All keys of `Manifest` but `schema` and `files`; values as in JSON, or `Statistics`
            and `LanguageSpec`.
        files: Content by name: a file that is copied, or bytes.

    Returns:
        The bundle as loaded from its place.

    Raises:
        BundleError: `DX-BND-017` when it cannot be written; the codes of `load_bundle` when it would be
            refused. Nothing is left behind.
    """
    target = Path(directory)
    if target.exists():
        raise refusal(BundleError, "DX-BND-017", target.name, detail=f"{target} exists already")
    try:
        with _scratch_beside(target) as scratch:
            _fill(scratch, manifest_fields, files)
            load_bundle(scratch)
            scratch.rename(target)
            _sync(target.parent)
    except OSError as error:
        raise refusal(BundleError, "DX-BND-017", target.name, detail=str(error)) from error
    return load_bundle(target, verify=False)


@contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    """Yield an empty directory of the target's name on the target's file system; it is gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=".dexora-bundle-", dir=target.parent))
    try:
        scratch = holder / target.name
        scratch.mkdir()
        yield scratch
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _fill(scratch: Path, manifest_fields: Mapping[str, Any], files: Mapping[str, Path | bytes]) -> None:
    fields = {"schema": SCHEMA, **{key: _plain(value) for key, value in manifest_fields.items()}}
    # Parsed once before a byte is written: from here on every file name is safe.
    _parsed(fields, dict.fromkeys(files, FileEntry("0" * 64, 0)), scratch.name)
    entries = {name: _place(content, scratch / name) for name, content in files.items()}
    text = _parsed(fields, entries, scratch.name).to_json().encode()
    _place(text, scratch / MANIFEST)
    _place(manifest_hash_line(text).encode(), scratch / MANIFEST_HASH)
    _sync(scratch)


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Statistics | LanguageSpec) else value


def _parsed(fields: Mapping[str, Any], entries: Mapping[str, FileEntry], name: str) -> Manifest:
    files = {name: asdict(entry) for name, entry in entries.items()}
    try:
        text = json.dumps({**fields, "files": files})
    except TypeError as error:
        detail = f"a field of the manifest is no JSON value ({error})"
        raise refusal(BundleError, "DX-BND-017", name, detail=detail) from error
    return parse_manifest(text, name)


def _place(content: Path | bytes, target: Path) -> FileEntry:
    with target.open("xb") as sink:
        if isinstance(content, bytes):
            sink.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, sink, _BLOCK_BYTES)
        sink.flush()
        os.fsync(sink.fileno())
    return FileEntry(file_sha256(target), target.stat().st_size)


def _sync(directory: Path) -> None:
    """Make the directory's entries survive a loss of power."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
