"""What the graphs of a bundle take and return, from its manifest; a graph that differs is refused at load."""

from __future__ import annotations

from collections.abc import Mapping

from dexora_core.bundle import Manifest
from dexora_core.errors import EngineError
from dexora_core.refusal import refusal

from dexora_engines.engine import Engine
from dexora_engines.spec import Signature, TensorSpec

# Metadata of an exported graph: the hash of the statistics that its inputs are normalised with.
STATISTICS_KEY = "dexora.statistics"


def graph_signature(manifest: Manifest, graph: str) -> Signature:
    """Return inputs and outputs of one graph.

    `keys`, `values` and `context_mask` of a multi-step teacher have sizes of the model's own (named).

    Args:
        manifest: The bundle's manifest.
        graph: `encoder`, `language`, `policy`, `context` or `step`.
    """
    build = {
        "encoder": _encoder,
        "language": _language,
        "policy": _policy,
        "context": _context,
        "step": _step,
    }
    return build[graph](manifest)


def check_graph(engine: Engine, manifest: Manifest, graph: str) -> None:
    """Refuse an engine whose graph is not the one that the manifest implies.

    Raises:
        EngineError: `DX-ENG-003`, which names the input or output, what it is and what it must be;
            `DX-ENG-010`: the graph carries the hash of other normalisation statistics.
    """
    carried = engine.metadata.get(STATISTICS_KEY, manifest.statistics.hash)
    if carried != manifest.statistics.hash:
        detail = f"{graph} carries {carried[:12]}, the manifest {manifest.statistics.hash[:12]}"
        raise refusal(EngineError, "DX-ENG-010", engine.kind, detail=detail)
    expected = graph_signature(manifest, graph)
    for what, found, wanted in (
        ("input", engine.inputs, expected.inputs),
        ("output", engine.outputs, expected.outputs),
    ):
        if found.keys() != wanted.keys():
            detail = f"the {what}s of {graph} are {', '.join(found)}; they must be {', '.join(wanted)}"
            raise refusal(EngineError, "DX-ENG-003", engine.kind, detail=detail)
        for name, spec in wanted.items():
            if not _agree(found[name], spec):
                detail = f"{what} {name} of {graph} is {found[name]}; the manifest says {spec}"
                raise refusal(EngineError, "DX-ENG-003", engine.kind, detail=detail)


def _agree(found: TensorSpec, wanted: TensorSpec) -> bool:
    """A named size agrees with every size: the run checks it."""
    return (
        found.dtype == wanted.dtype
        and len(found.shape) == len(wanted.shape)
        and all(
            isinstance(a, str) or isinstance(b, str) or a == b
            for a, b in zip(found.shape, wanted.shape, strict=True)
        )
    )


def _encoder(manifest: Manifest) -> Signature:
    size = manifest.image_size
    return Signature(
        {"images": TensorSpec(("V", size, size, 3), "uint8"), "view_ids": TensorSpec(("V",), "int64")},
        {"tokens": TensorSpec(("V", manifest.tokens_per_view, manifest.token_dim), "float32")},
    )


def _language(manifest: Manifest) -> Signature:
    tokens = manifest.language.max_tokens
    ids = TensorSpec((1, tokens), "int64")
    return Signature(
        {"input_ids": ids, "attention_mask": ids},
        {"features": TensorSpec((1, tokens, manifest.language.dim), "float32")},
    )


def _context_inputs(manifest: Manifest) -> dict[str, TensorSpec]:
    views, joints, words = len(manifest.views), len(manifest.joint_names), manifest.language.max_tokens
    return {
        "tokens": TensorSpec((1, views, manifest.tokens_per_view, manifest.token_dim), "float32"),
        "view_mask": TensorSpec((1, views), "bool"),
        "language": TensorSpec((1, words, manifest.language.dim), "float32"),
        "language_mask": TensorSpec((1, words), "bool"),
        "state": TensorSpec((1, joints), "float32"),
        "state_mask": TensorSpec((1, joints), "bool"),
    }


def _policy(manifest: Manifest) -> Signature:
    chunk = TensorSpec((1, manifest.horizon, len(manifest.joint_names)), "float32")
    prefix = {"prefix": chunk, "prefix_mask": TensorSpec((1, manifest.horizon), "bool"), "noise": chunk}
    return Signature({**_context_inputs(manifest), **prefix}, {"actions": chunk})


def _cached() -> Mapping[str, TensorSpec]:
    layers = TensorSpec(("layers", 1, "heads", "T", "dh"), "float32")
    return {"keys": layers, "values": layers, "context_mask": TensorSpec((1, "T"), "bool")}


def _context(manifest: Manifest) -> Signature:
    return Signature(_context_inputs(manifest), _cached())


def _step(manifest: Manifest) -> Signature:
    chunk = TensorSpec((1, manifest.horizon, len(manifest.joint_names)), "float32")
    times = TensorSpec((1, manifest.horizon), "float32")
    return Signature({"noisy": chunk, "times": times, **_cached()}, {"prediction": chunk})
