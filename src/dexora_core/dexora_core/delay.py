"""The inference delay as it was, chunk by chunk; the time a model needs to warm up never counts."""

from __future__ import annotations

from collections import deque

from dexora_core.chunk import ActionChunk


class DelayEstimator:
    """Remembers the delay from observation to arrival of the last chunks.

    Args:
        window: Number of chunks that are remembered.
        warmup: Number of chunks at the start of each stream (source, policy) that do not count.
    """

    def __init__(self, window: int = 10, warmup: int = 1) -> None:
        self._delays: deque[int] = deque(maxlen=window)
        self._warmup = warmup
        self._left = warmup
        self._stream: tuple[str, str] | None = None

    @property
    def newest_ns(self) -> int | None:
        """Delay of the newest chunk that counts [ns]; None before there is one."""
        return self._delays[-1] if self._delays else None

    @property
    def largest_ns(self) -> int | None:
        """Largest delay of the last chunks [ns]: what a policy should expect; None before there is one."""
        return max(self._delays, default=None)

    def add(self, chunk: ActionChunk) -> None:
        """Measure one chunk by its own stamps."""
        stream = (chunk.source, chunk.policy_id)
        if stream != self._stream:
            self.restart(stream)
        if self._left > 0:
            self._left -= 1
            return
        self._delays.append(max(chunk.received_ns - chunk.observed_ns, 0))

    def restart(self, stream: tuple[str, str] | None = None) -> None:
        """Forget all delays; the next chunks are warm-up again."""
        self._stream = stream
        self._delays.clear()
        self._left = self._warmup
