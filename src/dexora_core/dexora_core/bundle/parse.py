"""JSON to `Manifest`, strictly: an unknown, missing or odd key is refused with what is allowed."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from dexora_core.bundle.files import FILE_NAME, RESERVED
from dexora_core.bundle.manifest import (
    HEADS,
    NOISE_SCALE_RANGE,
    PRECISIONS,
    SCHEMA,
    FileEntry,
    LanguageSpec,
    Manifest,
)
from dexora_core.bundle.statistics import QUANTILES, Statistics, check_statistics
from dexora_core.contract.fields import Fields
from dexora_core.errors import BundleError, ContractError
from dexora_core.refusal import refusal

_HASH = r"[0-9a-f]{64}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
# One line that can be written as UTF-8: no half of a surrogate pair.
_TEXT = r"[^\x00-\x1f\ud800-\udfff]{1,500}"
_CREATED = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
_REQUIREMENT = r">=\d+(\.\d+)*"
_OPTIONAL = ("n_action_steps", "noise_scale")
_KEYS = tuple(key for key in Manifest.__dataclass_fields__ if key not in _OPTIONAL)


def parse_manifest(text: str | bytes, origin: str = "<text>") -> Manifest:
    """Parse and check the text of a manifest.

    Args:
        text: Content of `manifest.json`.
        origin: Name of the bundle, for messages.

    Raises:
        BundleError: `DX-BND-002` malformed, `003` newer schema, `004` unsafe file name, `009` to `011`
            statistics missing, unusable or changed.
    """
    try:
        content = json.loads(text, object_pairs_hook=_no_duplicates)
        _refuse_newer(content, origin)
        return _manifest(content, origin)
    except (ValueError, OverflowError, RecursionError) as error:
        raise _malformed(origin, f"it is no JSON text ({error})") from error
    except ContractError as error:
        raise _malformed(origin, error.message) from error


def _malformed(origin: str, detail: str) -> BundleError:
    return refusal(BundleError, "DX-BND-002", origin, detail=detail)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ContractError(f"duplicate key {', '.join(twice)}; write each key once")
    return dict(pairs)


def _refuse_newer(content: Any, origin: str) -> None:
    """A newer schema is told first: its other keys are not ours to judge."""
    schema = content.get("schema") if isinstance(content, dict) else None
    if isinstance(schema, int) and not isinstance(schema, bool) and schema > SCHEMA:
        raise refusal(BundleError, "DX-BND-003", origin, schema=schema, known=SCHEMA)
    if isinstance(content, dict) and content.get("statistics") is None:
        raise refusal(BundleError, "DX-BND-009", origin, detail="the key 'statistics' is absent or null")


def _manifest(content: Any, origin: str) -> Manifest:
    top = Fields(content, "", _KEYS, _OPTIONAL)
    joints = _names(top, "joint_names")
    manifest = Manifest(
        schema=top.whole("schema", lower=1),
        name=top.text("name", _NAME),
        created=top.text("created", _CREATED),
        parent=None if top.raw("parent") is None else top.text("parent", _HASH),
        robot=top.text("robot", _NAME),
        contract_hash=top.text("contract_hash", _HASH),
        joint_names=joints,
        views=_names(top, "views"),
        image_size=top.whole("image_size", lower=1),
        tokens_per_view=top.whole("tokens_per_view", lower=1),
        token_dim=top.whole("token_dim", lower=1),
        encoder_id=top.text("encoder_id", _TEXT),
        language=_language(top.raw("language")),
        horizon=top.whole("horizon", lower=2),
        step_dt_s=top.number("step_dt_s", above=0.0, upper=10.0),
        head=top.choice("head", HEADS),
        steps=top.whole("steps", lower=1),
        schedule=_numbers(top, "schedule"),
        max_prefix_steps=top.whole("max_prefix_steps", lower=0),
        precision=top.choice("precision", PRECISIONS),
        statistics=_statistics(top.raw("statistics"), origin),
        requires=_requires(top.raw("requires")),
        embodiment=top.text("embodiment", _TEXT),
        files=_files(top.raw("files"), origin),
        lineage=_texts(top, "lineage"),
        n_action_steps=top.whole("n_action_steps", lower=1) if "n_action_steps" in content else 1,
        noise_scale=_noise_scale(top) if "noise_scale" in content else 1.0,
    )
    _check_sizes(manifest)
    check_statistics(manifest.statistics, joints, origin)
    return manifest


def _noise_scale(top: Fields) -> float:
    lower, upper = NOISE_SCALE_RANGE
    return top.number("noise_scale", lower=lower, upper=upper)


def _check_sizes(manifest: Manifest) -> None:
    if len(manifest.schedule) != manifest.steps:
        raise ContractError(
            f"schedule has {len(manifest.schedule)} times for {manifest.steps} steps; give one time per step"
        )
    if manifest.max_prefix_steps >= manifest.horizon:
        raise ContractError(
            f"max_prefix_steps {manifest.max_prefix_steps} must be below horizon {manifest.horizon}"
        )
    if manifest.n_action_steps >= manifest.horizon:
        raise ContractError(
            f"n_action_steps {manifest.n_action_steps} must be below horizon {manifest.horizon}"
        )


def _language(value: Any) -> LanguageSpec:
    fields = Fields(value, "language", tuple(LanguageSpec.__dataclass_fields__))
    return LanguageSpec(
        kind=fields.text("kind", _NAME),
        max_tokens=fields.whole("max_tokens", lower=1),
        dim=fields.whole("dim", lower=1),
        known_instructions=_texts(fields, "known_instructions"),
    )


def _statistics(value: Any, origin: str) -> Statistics:
    keys = (*QUANTILES, "dataset", "hash")
    missing = [key for key in keys if key not in value] if isinstance(value, dict) else []
    if missing:
        raise refusal(BundleError, "DX-BND-009", origin, detail=f"no {', '.join(missing)} is given")
    fields = Fields(value, "statistics", keys)
    return Statistics(
        action_p01=_numbers(fields, "action_p01", finite=False),
        action_p99=_numbers(fields, "action_p99", finite=False),
        state_p01=_numbers(fields, "state_p01", finite=False),
        state_p99=_numbers(fields, "state_p99", finite=False),
        dataset=fields.text("dataset", _TEXT),
        hash=fields.text("hash", _HASH),
    )


def _requires(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ContractError("requires must map names of libraries to versions such as '>=1.20'")
    fields = Fields(value, "requires", (), tuple(value))
    return {name: fields.text(name, _REQUIREMENT) for name in value}


def _files(value: Any, origin: str) -> dict[str, FileEntry]:
    if not isinstance(value, dict) or not value:
        raise ContractError("files must map names to sha256 and bytes; a bundle has at least one file")
    return {name: _file(name, entry, origin) for name, entry in value.items()}


def _file(name: str, value: Any, origin: str) -> FileEntry:
    if not re.fullmatch(FILE_NAME, name) or name in RESERVED:
        raise refusal(BundleError, "DX-BND-004", origin, detail=repr(name))
    fields = Fields(value, f"files.{name}", ("sha256", "bytes"))
    return FileEntry(fields.text("sha256", _HASH), fields.whole("bytes", lower=0))


def _names(fields: Fields, key: str) -> tuple[str, ...]:
    names = _texts(fields, key)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        why = f"names {', '.join(twice)} twice" if twice else "is empty"
        raise ContractError(f"{key} {why}; give each name once")
    return names


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    values = fields.texts(key)
    odd = [value for value in values if not re.fullmatch(_TEXT, value)]
    if odd:
        raise ContractError(f"{key} holds {odd[0][:60]!r}; texts have 1 to 500 characters on one line")
    return values


def _numbers(fields: Fields, key: str, *, finite: bool = True) -> tuple[float, ...]:
    """Return a list of numbers; `finite=False` leaves NaN to a later check with a sentence of its own."""
    values = fields.raw(key)
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise ContractError(f"{fields.at(key)} must be a list of numbers")
    numbers = tuple(float(value) for value in values)
    if finite and not all(map(math.isfinite, numbers)):
        raise ContractError(f"{fields.at(key)} is {values}; every number must be finite")
    return numbers
