"""The newest visual tokens, checked against the bundle: encoder, views, shape, finiteness and age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from dexora_core.bundle import Manifest
from dexora_core.clock import NS_PER_MS
from dexora_core.faults import Fault, make_fault
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RawTokens:
    """Tokens as they arrive, nothing checked yet. Times are in the receiver's clock.

    Attributes:
        encoder_id: Who made them.
        view_names: V views, in the order of the data.
        view_stamps_ns: V capture times [ns].
        data: (V, N, D) in the type of the message.
        scale: Value of one int8 step; 1.0 for float types.
        encode_end_ns: When the encoding ended [ns].
    """

    encoder_id: str
    view_names: Sequence[str]
    view_stamps_ns: Sequence[int]
    data: NDArray[np.generic]
    scale: float
    encode_end_ns: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """Checked tokens in the bundle's order of views.

    Attributes:
        values: (V, N, D) float32; views that are missing are zero.
        view_mask: (V,) bool; True where a view is there.
        oldest_camera_ns: Oldest capture among the views that are there [ns].
        encode_end_ns: When the encoding ended [ns].
    """

    values: NDArray[np.float32]
    view_mask: NDArray[np.bool_]
    oldest_camera_ns: int
    encode_end_ns: int


class TokenIntake:
    """Keeps the newest tokens that the bundle can use.

    Args:
        manifest: Of the bundle.
        bound_ns: Tokens whose oldest picture is older than this are not inferred from [ns].
    """

    def __init__(self, manifest: Manifest, bound_ns: int) -> None:
        self._views = {view: index for index, view in enumerate(manifest.views)}
        self._shape = (len(manifest.views), manifest.tokens_per_view, manifest.token_dim)
        self._encoder_id = manifest.encoder_id
        self._bound_ns = bound_ns
        self._newest: Tokens | None = None
        self._waits_for = f"the encoder {manifest.encoder_id}"

    @property
    def newest(self) -> Tokens | None:
        """The newest usable tokens, however old; None before there are any."""
        return self._newest

    def forget(self) -> None:
        """Forget what arrived so far, for instance when the clock jumped."""
        self._newest = None

    def offer(self, now_ns: int, raw: RawTokens) -> Fault | None:
        """Take tokens, or return why they are of no use.

        Args:
            now_ns: When they arrived.
            raw: What arrived.
        """
        if raw.encoder_id != self._encoder_id:
            return make_fault("DX-POL-007", now_ns, raw.encoder_id, needed=self._encoder_id)
        where = [(self._views[name], k) for k, name in enumerate(raw.view_names) if name in self._views]
        detail = self._misfit(raw, where)
        if detail:
            return make_fault("DX-POL-008", now_ns, detail=detail)
        values, mask = np.zeros(self._shape, np.float32), np.zeros(self._shape[0], np.bool_)
        for index, k in where:
            values[index] = raw.data[k]
            mask[index] = True
        if raw.scale != 1.0:
            values *= np.float32(raw.scale)
        if not np.isfinite(values).all():
            return make_fault("DX-POL-008", now_ns, detail="they hold NaN or infinity")
        # A sender that stamps the future does not stay alive by it.
        oldest_ns = min(now_ns, *(raw.view_stamps_ns[k] for _, k in where))
        self._newest = Tokens(values, mask, oldest_ns, min(raw.encode_end_ns, now_ns))
        return None

    def check(self, now_ns: int) -> Fault | None:
        """Return why nothing may be inferred now; None when the newest tokens are good enough."""
        if self._newest is None:
            return make_fault("DX-POL-005", now_ns, self._waits_for)
        age_ns = now_ns - self._newest.oldest_camera_ns
        if age_ns <= self._bound_ns:
            return None
        values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": self._bound_ns // NS_PER_MS}
        return make_fault("DX-POL-006", now_ns, "", **values)

    def _misfit(self, raw: RawTokens, where: list[tuple[int, int]]) -> str:
        names = list(raw.view_names)
        shape = (len(names), *self._shape[1:])
        if raw.data.shape != shape or len(raw.view_stamps_ns) != len(names):
            return f"shape {raw.data.shape} with {len(raw.view_stamps_ns)} stamps, expected {shape}"
        if len(set(names)) != len(names):
            return f"a view is there twice: {', '.join(names)}"
        if not where:
            return (
                f"none of the views {', '.join(self._views)} is there, only {', '.join(names) or 'nothing'}"
            )
        return ""
