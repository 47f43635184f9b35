"""Signs the manifest of a bundle with Ed25519, and with it every byte that the manifest lists.

The signature file names the key that made it, for the message only: what is trusted is the key that the
reader brings.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

from dexora_core.bundle import SIGNATURE, Bundle, load_bundle
from dexora_core.bundle.files import read_manifest
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal

# Keeps a signature of ours from being one of anything else.
_PURPOSE = b"dexora bundle manifest 1\n"
_ALGORITHM = "ed25519"
_MAX_BYTES = 4096


def generate_key(path: Path) -> Path:
    """Write a new private key, readable by its owner only, and beside it `<path>.pub`; return the latter.

    Raises:
        BundleError: `DX-BND-016`: a key is there already, or the folder cannot be written.
    """
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    private = _ed25519().Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = path.with_name(f"{path.name}.pub")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as sink:
            sink.write(secret)
        public.write_bytes(shown)
    except OSError as error:
        raise _refused(path.name, f"the key {path} cannot be written ({error.strerror})") from error
    return public


def sign_bundle(path: Path, private_key: Path) -> str:
    """Verify a bundle, sign its manifest and return the public key (hex).

    Raises:
        BundleError: codes of `load_bundle`, or `DX-BND-016` when the key cannot be used.
    """
    load_bundle(path)
    private = _key(private_key, path.name, "load_pem_private_key", "Ed25519PrivateKey")
    public = private.public_key().public_bytes_raw().hex()
    signature = private.sign(_PURPOSE + read_manifest(path)).hex()
    content = {"algorithm": _ALGORITHM, "public_key": public, "signature": signature}
    scratch = path.with_name(f".{path.name}.{SIGNATURE}")
    try:
        scratch.write_text(json.dumps(content, indent=1) + "\n")
        scratch.replace(path / SIGNATURE)
    except OSError as error:
        raise _refused(path.name, f"{SIGNATURE} cannot be written ({error.strerror})") from error
    return public


def check_signature(path: Path, public_key: Path) -> None:
    """Refuse a bundle that this key did not sign; its files are checked by `load_bundle`.

    Raises:
        BundleError: `DX-BND-016`: no signature, a malformed one, or one of another key.
    """
    trusted = _key(public_key, path.name, "load_pem_public_key", "Ed25519PublicKey")
    said, signature = _signature(path)
    ours = trusted.public_bytes_raw().hex()
    if said != ours:
        raise _refused(path.name, f"it was signed by the key {said[:16]}, trusted is {ours[:16]}")
    invalid = importlib.import_module("cryptography.exceptions").InvalidSignature
    try:
        trusted.verify(signature, _PURPOSE + read_manifest(path))
    except invalid as error:
        raise _refused(path.name, "it does not fit the manifest") from error


def load_trusted_bundle(path: Path, public_key: Path | None) -> Bundle:
    """Load a bundle, every byte verified, and refuse one that the key did not sign; None trusts any maker.

    Raises:
        BundleError: codes of `load_bundle`, or `DX-BND-016`.
    """
    bundle = load_bundle(path)
    if public_key is not None:
        check_signature(path, public_key)
    return bundle


def _signature(path: Path) -> tuple[str, bytes]:
    try:
        with (path / SIGNATURE).open("rb") as stream:
            content = json.loads(stream.read(_MAX_BYTES))
        if content.keys() != {"algorithm", "public_key", "signature"} or content["algorithm"] != _ALGORITHM:
            raise ValueError("its keys are not algorithm ed25519, public_key and signature")
        return str(content["public_key"]), bytes.fromhex(content["signature"])
    except FileNotFoundError as error:
        raise _refused(path.name, f"there is no {SIGNATURE}") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _refused(path.name, f"{SIGNATURE} is malformed ({error})") from error


def _key(path: Path, bundle: str, loader: str, kind: str) -> Any:
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    unsupported = importlib.import_module("cryptography.exceptions").UnsupportedAlgorithm
    arguments = {"password": None} if "private" in loader else {}
    try:
        key = getattr(serialization, loader)(path.read_bytes(), **arguments)
    except (OSError, ValueError, TypeError, unsupported) as error:
        raise _refused(bundle, f"the key {path} cannot be read ({error})") from error
    if not isinstance(key, getattr(_ed25519(), kind)):
        raise _refused(bundle, f"the key {path} is no {kind}; make one with `dexora-bundle key`")
    return key


def _ed25519() -> Any:
    return importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")


def _refused(bundle: str, detail: str) -> BundleError:
    return refusal(BundleError, "DX-BND-016", bundle, detail=detail)
