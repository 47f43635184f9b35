"""Where bundles come from: a model hub, a folder on a web server, or a folder of this machine."""

from __future__ import annotations

import importlib
import re
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import IO, Protocol

from dexora_core.bundle.files import MAX_MANIFEST_BYTES
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

_COMMIT = r"[0-9a-f]{40}"
_HUB_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 20


class Source(Protocol):
    """Gives files by name."""

    def get(self, name: str, folder: Path, size: int = MAX_MANIFEST_BYTES) -> None:
        """Put a file of at most `size` bytes into `folder`, going on with what is there of it.

        Raises:
            OSError: the source does not have it or does not answer.
            BundleError: `DX-BND-006`: it is larger.
        """
        ...

    def get_optional(self, name: str, folder: Path) -> None:
        """The same for a file that the source may lack."""
        ...


def open_source(source: str, revision: str, bundle: str) -> Source:
    """Return the source that a text names; nothing is fetched yet.

    Args:
        source: `owner/name` of a hub, `https://...`, or a folder.
        revision: Commit of a hub's repository.
        bundle: Name of the bundle, for messages.

    Raises:
        BundleError: `DX-BND-018`: no such source, or a hub without a commit.
    """
    if "://" in source:
        return _WebSource(_safe_address(source, bundle), bundle)
    if Path(source).is_dir():
        return _FolderSource(Path(source), bundle)
    if not re.fullmatch(_HUB_ID, source):
        detail = f"'{source}' is no folder, no https address and no owner/name of a hub"
        raise refusal(BundleError, "DX-BND-018", bundle, detail=detail)
    if not re.fullmatch(_COMMIT, revision):
        detail = f"revision '{revision}' is no commit of 40 digits; a branch may change under you"
        raise refusal(BundleError, "DX-BND-018", bundle, detail=detail)
    return _HubSource(source, revision)


class _FolderSource:
    def __init__(self, folder: Path, bundle: str) -> None:
        self._folder, self._bundle = folder, bundle

    def get(self, name: str, folder: Path, size: int = MAX_MANIFEST_BYTES) -> None:
        with (self._folder / name).open("rb") as stream, (folder / name).open("wb") as sink:
            _copy(stream, sink, size, self._bundle, name)

    def get_optional(self, name: str, folder: Path) -> None:
        if (self._folder / name).is_file():
            self.get(name, folder)


class _WebSource:
    def __init__(self, address: str, bundle: str) -> None:
        self._address, self._bundle = address, bundle

    def get(self, name: str, folder: Path, size: int = MAX_MANIFEST_BYTES) -> None:
        file = folder / name
        have = file.stat().st_size if file.exists() else 0
        if have >= size:  # complete and damaged, or of another bundle
            have = 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        request = urllib.request.Request(f"{self._address}/{name}", headers=headers)  # noqa: S310 - checked
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            is_rest = have and answer.status == HTTPStatus.PARTIAL_CONTENT
            with file.open("ab" if is_rest else "wb") as sink:
                _copy(answer, sink, size - (have if is_rest else 0), self._bundle, name)

    def get_optional(self, name: str, folder: Path) -> None:
        try:
            self.get(name, folder)
        except urllib.error.HTTPError as error:
            if error.code not in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
                raise


class _HubSource:
    """The hub's own client resumes by itself, in a folder of its own beside the bundle in the making."""

    def __init__(self, repository: str, revision: str) -> None:
        self._hub = importlib.import_module("huggingface_hub")
        known = importlib.import_module("huggingface_hub.errors")
        network = importlib.import_module("httpx2").HTTPError
        # The others that a download raises are kinds of OSError.
        missing = (known.EntryNotFoundError, known.RevisionResolutionError)
        self._errors = (*missing, known.XetDownloadError, network, ValueError)
        self._repository, self._revision = repository, revision

    def get(self, name: str, folder: Path, size: int = MAX_MANIFEST_BYTES) -> None:
        self.get_optional(name, folder)
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{self._repository} at {self._revision[:12]} has no {name}")

    def get_optional(self, name: str, folder: Path) -> None:
        own = folder.parent / "hub"
        try:
            self._hub.snapshot_download(
                self._repository, revision=self._revision, local_dir=own, allow_patterns=[name]
            )
        except self._errors as error:
            raise OSError(" ".join(f"{type(error).__name__}: {error}".split())) from error
        if (own / name).is_file():
            (own / name).replace(folder / name)


def _safe_address(source: str, bundle: str) -> str:
    """Return the address without a slash at its end; plain http only to this machine."""
    parts = urllib.parse.urlsplit(source)
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise refusal(BundleError, "DX-BND-018", bundle, detail=f"'{source}' is no https address")
    return source.rstrip("/")


def _copy(stream: IO[bytes], sink: IO[bytes], size: int, bundle: str, name: str) -> None:
    """Copy at most `size` bytes: a source must not fill the disk."""
    left = size
    while block := stream.read(min(_BLOCK_BYTES, left + 1)):
        left -= len(block)
        if left < 0:
            raise refusal(BundleError, "DX-BND-006", bundle, detail=f"{name} (more than {size} bytes)")
        sink.write(block)
