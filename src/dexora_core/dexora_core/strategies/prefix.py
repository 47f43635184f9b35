"""`prefix`: the default. The new chunk was computed knowing what is already committed, and continues it.

Training-time real-time chunking: the first steps of a chunk repeat the committed ones. A chunk that arrives
while its prefix lasts continues the motion as it is; what is left of a difference (another step grid, noise)
fades in a short time. A chunk that comes later than its prefix did not foresee the present: it is eased in
and counted, and dropped when it is much too late and the motion in force still lasts.
"""

from __future__ import annotations

from dexora_core.clock import NS_PER_MS
from dexora_core.curve import ChunkCurve
from dexora_core.strategies.base import Offer
from dexora_core.strategies.motions import Eased, Motion
from dexora_core.strategies.single import SingleChunk


class PrefixStrategy(SingleChunk):
    """Continues the committed motion.

    Args:
        duration_ns: Time in which a difference to the motion in force fades.
        human_ns: The same for sources that are no policy; it adds about half of it to their lag.
        max_late_steps: A chunk later than this many steps after its prefix is dropped.
        reserve_ns: The motion in force must last so long for a late chunk to be dropped.
    """

    name = "prefix"

    def __init__(
        self,
        duration_ns: int = 100 * NS_PER_MS,
        human_ns: int = 40 * NS_PER_MS,
        max_late_steps: int = 8,
        reserve_ns: int = 300 * NS_PER_MS,
    ) -> None:
        super().__init__()
        self._duration_ns = duration_ns
        self._human_ns = human_ns
        self._max_late_steps = max_late_steps
        self._reserve_ns = reserve_ns

    def accept(self, at_ns: int, curve: ChunkCurve) -> Offer:
        """Take the chunk unless it is much too late."""
        chunk = curve.chunk
        first_new_ns = chunk.start_ns + chunk.prefix_steps * chunk.step_ns
        late = max(-(-(at_ns - first_new_ns) // chunk.step_ns), 0)
        if late == 0 or chunk.source != "policy" or not self.covers(at_ns):
            return super().accept(at_ns, curve)
        if late > self._max_late_steps and self.covers(at_ns + self._reserve_ns):
            return Offer(False, "DX-CHK-013", late)
        super().accept(at_ns, curve)
        return Offer(True, "DX-CHK-012", late)

    def join(self, at_ns: int, old: Motion, curve: ChunkCurve) -> Motion:
        """Continue `old` without a step and let the difference fade."""
        duration_ns = self._duration_ns if curve.chunk.source == "policy" else self._human_ns
        return Eased(at_ns, old.state_at(at_ns), curve, duration_ns)
