"""Engines built on this machine, kept beside the bundle and never taken from anywhere else.

One file per build: a line of JSON that says for what it was built, then the engine. A file that says
something else than its name, is damaged, or could have been written by others is neither used nor replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

_MAX_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class BuildKey:
    """What an engine depends on; another value of any of these needs another engine.

    Attributes:
        gpu: Name of the GPU.
        compute_capability: Such as `9.0`.
        tensorrt: Version of TensorRT.
        onnx_sha256: SHA-256 (hex) of the model, external data included.
        sizes: Named sizes of the model that the engine has fixed.
    """

    gpu: str
    compute_capability: str
    tensorrt: str
    onnx_sha256: str
    sizes: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Short name of the build."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def model_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of an ONNX file and, if there is one, of `<file>.data` beside it."""
    digest = hashlib.sha256()
    for file in (path, path.with_name(f"{path.name}.data")):
        if file.is_file():
            with file.open("rb") as stream:
                while block := stream.read(_BLOCK_BYTES):
                    digest.update(block)
    return digest.hexdigest()


def cache_directory(model: Path, chosen: Path | None) -> Path:
    """Return where engines are kept: what was chosen, or `<bundle>.engines` beside the model's bundle."""
    bundle = model.resolve().parent
    return chosen if chosen is not None else bundle.with_name(f"{bundle.name}.engines")


def cached_file(directory: Path, model: Path, key: BuildKey) -> Path:
    """Return the file of one build."""
    return directory / f"{model.stem}-{key.digest}.engine"


def store_engine(file: Path, key: BuildKey, engine: bytes) -> None:
    """Write an engine with what it was built for, all at once.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    head = {**asdict(key), "engine_sha256": hashlib.sha256(engine).hexdigest()}
    handle, name = tempfile.mkstemp(prefix=".building-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(json.dumps(head).encode() + b"\n")
            sink.write(engine)
            sink.flush()
            os.fsync(sink.fileno())
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def load_engine(file: Path, key: BuildKey) -> bytes | None:
    """Return the engine, or None where none was built yet.

    Raises:
        EngineError: `DX-ENG-009`: built for something else, damaged, or open to other users.
    """
    if not file.exists():
        return None
    _refuse_foreign(file)
    with file.open("rb") as stream:
        head, engine = stream.readline(_MAX_HEAD_BYTES), stream.read()
    try:
        said = json.loads(head)
    except ValueError as error:
        raise _refused(file, "its head is no JSON") from error
    expected = {**asdict(key), "engine_sha256": hashlib.sha256(engine).hexdigest()}
    if said != expected:
        raise _refused(file, _difference(said, expected))
    return engine


def _refuse_foreign(file: Path) -> None:
    """An engine is code for the GPU: nobody else may have written it."""
    about = file.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise _refused(file, "it is no plain file")
    if about.st_uid not in (0, os.getuid()) or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _refused(file, "other users can write it")


def _difference(said: object, expected: Mapping[str, object]) -> str:
    if not isinstance(said, dict) or said.keys() != expected.keys():
        return "its head is malformed"
    name = next(name for name in expected if said[name] != expected[name])
    if name == "engine_sha256":
        return "its bytes are damaged"
    return f"{name} is {str(said[name])[:80]}, here it is {expected[name]}"


def _refused(file: Path, detail: str) -> EngineError:
    return refusal(EngineError, "DX-ENG-009", str(file), detail=f"{detail}; delete this file")
