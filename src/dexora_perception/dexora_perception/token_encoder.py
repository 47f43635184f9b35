"""Pictures in, tokens out: resizes the views, runs the encoder once for all of them, packs the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dexora_core.bundle import Bundle, Manifest
from dexora_core.errors import BundleError
from dexora_core.faults import Fault, make_fault
from dexora_core.refusal import refusal
from numpy.typing import NDArray

from dexora_engines import Engine, MockScript, MockStep, graph_signature, open_graph
from dexora_perception.preprocess import CHANNELS, resize_into

ENGINE_KINDS = ("onnx", "tensorrt", "mock")
DTYPES = ("float16", "float32", "int8")
_INT8_LIMIT = 127.0


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine runs the encoder, and how.

    Attributes:
        kind: One of `ENGINE_KINDS`.
        precision: `fp32`, `fp16`, `int8`, or empty for the manifest's.
        threads: Threads of the CPU.
        cache_dir: Where engines built on this machine are kept; None for beside the bundle.
    """

    kind: str = "onnx"
    precision: str = ""
    threads: int = 1
    cache_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens of one encoding.

    Attributes:
        tokens: (V, N, D) in the type asked for; overwritten by the next encoding.
        scale: Value of one int8 step; 1.0 for float types.
        resize_s: Time for resizing [s].
        engine_s: Time in the engine [s].
    """

    tokens: NDArray[Any]
    scale: float
    resize_s: float
    engine_s: float


def check_encoder(bundle: Bundle, encoder_id: str) -> None:
    """Refuse a bundle of another encoder than asked for.

    Args:
        bundle: The bundle.
        encoder_id: Id asked for; empty takes any.

    Raises:
        BundleError: `DX-TOK-003`.
    """
    found = bundle.manifest.encoder_id
    if encoder_id and found != encoder_id:
        raise refusal(BundleError, "DX-TOK-003", bundle.bundle_id, detail=f"{found}, asked for {encoder_id}")


def open_encoder(bundle: Bundle, choice: EngineChoice) -> Engine:
    """Open the encoder of a bundle; nothing is computed yet.

    Args:
        bundle: A verified bundle.
        choice: The engine.

    Raises:
        BundleError: `DX-BND-005`: the bundle has no graph of this precision for this engine.
        EngineError: The engine cannot be opened, or its graph does not fit the manifest.
    """
    return open_graph(
        bundle,
        "encoder",
        choice.kind,
        precision=choice.precision,
        threads=choice.threads,
        cache_dir=choice.cache_dir,
        options={"script": _mock_script(bundle.manifest)} if choice.kind == "mock" else None,
    )


class TokenEncoder:
    """Encodes views together.

    Args:
        engine: The opened encoder; closed by `close`.
        manifest: The bundle's; the order of its views gives their ids.
        dtype: One of `DTYPES`.
        clock_ns: Monotonic clock for the durations [ns].
    """

    def __init__(
        self,
        engine: Engine,
        manifest: Manifest,
        dtype: str = "float16",
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._engine = engine
        self._manifest = manifest
        self._dtype = np.dtype(dtype)
        self._clock_ns = clock_ns
        self._ids = {view: index for index, view in enumerate(manifest.views)}
        count, size = len(manifest.views), manifest.image_size
        self._images = np.zeros((count, size, size, CHANNELS), np.uint8)
        self._tokens = np.zeros((count, manifest.tokens_per_view, manifest.token_dim), self._dtype)

    def warm_up(self, runs: int) -> tuple[float, ...]:
        """Run with every number of views, so that no later encoding is the first of its shape.

        Args:
            runs: Encodings of each.

        Returns:
            Durations with all views [s].
        """
        durations: tuple[float, ...] = ()
        for count in range(1, len(self._ids) + 1):
            durations = self._engine.warm_up(runs, self._inputs(list(self._ids)[:count]))
        return durations

    def encode(self, pictures: Mapping[str, NDArray[np.uint8]]) -> Encoded | Fault:
        """Encode pictures together.

        Args:
            pictures: (H, W, 3) uint8 RGB by view, in the manifest's order; at least one.

        Returns:
            The tokens in the order of the pictures, or `DX-TOK-002` when they hold NaN or infinity.

        Raises:
            EngineError: The engine failed; its code says how badly.
        """
        started_ns = self._clock_ns()
        for target, picture in zip(self._images, pictures.values(), strict=False):
            resize_into(picture, target)
        resized_ns = self._clock_ns()
        tokens = self._engine.run(self._inputs(list(pictures)))["tokens"]
        ended_ns = self._clock_ns()
        peak = float(np.abs(tokens).max())
        if not np.isfinite(peak):
            return make_fault("DX-TOK-002", ended_ns, self._manifest.encoder_id)
        packed, scale = self._packed(tokens, peak)
        return Encoded(packed, scale, (resized_ns - started_ns) / 1e9, (ended_ns - resized_ns) / 1e9)

    def close(self) -> None:
        """Give the engine back."""
        self._engine.close()

    def _inputs(self, views: list[str]) -> dict[str, NDArray[Any]]:
        ids = np.array([self._ids[view] for view in views], np.int64)
        return {"images": self._images[: len(views)], "view_ids": ids}

    def _packed(self, tokens: NDArray[np.float32], peak: float) -> tuple[NDArray[Any], float]:
        packed = self._tokens[: len(tokens)]
        if self._dtype != np.int8:
            limit = float(np.finfo(self._dtype).max)
            packed[...] = tokens if peak <= limit else np.clip(tokens, -limit, limit)
            return packed, 1.0
        scale = peak / _INT8_LIMIT if peak > 0.0 else 1.0
        packed[...] = np.rint(tokens / np.float32(scale))
        return packed, scale


def _mock_script(manifest: Manifest) -> MockScript:
    """Tokens that are all 0.1, at once: for bring-up without a trained encoder."""
    signature = graph_signature(manifest, "encoder")
    return MockScript(signature.inputs, signature.outputs, (MockStep(outputs={"tokens": 0.1}),))
