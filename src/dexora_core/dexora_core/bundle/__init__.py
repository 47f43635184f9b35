"""A trained policy as a directory: `manifest.json` and the files it lists, each with its SHA-256.

A bundle holds no code and nothing that is unpickled. It is refused, with a code and a sentence, when a byte
of it has changed, or when it was made for another robot, joint order or camera order.
"""

from dexora_core.bundle.check import check_bundle, check_runtime
from dexora_core.bundle.files import MANIFEST, MANIFEST_HASH, SIGNATURE
from dexora_core.bundle.load import Bundle, load_bundle
from dexora_core.bundle.manifest import HEADS, PRECISIONS, SCHEMA, FileEntry, LanguageSpec, Manifest
from dexora_core.bundle.parse import parse_manifest
from dexora_core.bundle.statistics import Statistics, make_statistics
from dexora_core.bundle.write import write_bundle
from dexora_core.errors import BundleError

__all__ = [
    "HEADS",
    "MANIFEST",
    "MANIFEST_HASH",
    "PRECISIONS",
    "SCHEMA",
    "SIGNATURE",
    "Bundle",
    "BundleError",
    "FileEntry",
    "LanguageSpec",
    "Manifest",
    "Statistics",
    "check_bundle",
    "check_runtime",
    "load_bundle",
    "make_statistics",
    "parse_manifest",
    "write_bundle",
]
