"""The prefix is what the robot will be commanded: the mirror agrees with the command path, blends and all."""

import sys
from pathlib import Path

import numpy as np
import pytest
from dexora_core.chunk import ActionChunk, ChunkStamps
from dexora_policy.committed import CommittedMotion

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dexora_core/test"))

from path_cases import HOME, MS, NAMES, TICK, Loop, sway

STEP, H = 50 * MS, 32
# float32 on the way there, and nothing else.
TOLERANCE_RAD = 1e-5


def chunk_at(start, offset, prefix, sequence, received):
    """A chunk that keeps its prefix and then goes its own way, `offset` from the motion meant."""
    times = (start + STEP * np.arange(H)) * 1e-9
    positions = np.array([sway(t) for t in times]) + offset
    if len(prefix):
        positions[: len(prefix)] = prefix
    stamps = ChunkStamps(joint_state_ns=start, inference_start_ns=start, inference_end_ns=received)
    return ActionChunk(
        "policy", sequence, 0, start, STEP, positions, received, len(prefix), "tiny", "sway", stamps
    )


def offer(loop, chunk):
    """Hand the chunk to the command path as its message would."""
    return loop.chunk(
        "policy",
        lambda t: chunk.positions[round((t * 1e9 - chunk.start_ns) / STEP)],
        delay=loop.now - chunk.start_ns,
        prefix_steps=chunk.prefix_steps,
        sequence=chunk.sequence,
    )


@pytest.mark.parametrize("delay_ticks", [1, 6, 12])
def test_mirror_foresees_what_the_command_path_commits(delay_ticks):
    loop, mirror, noise = Loop(), CommittedMotion(30 * MS), np.random.default_rng(3)
    loop.tick(2)
    loop.path.acquire(loop.now, "policy", "policy_node")
    worst, commanded = [], []
    for sequence in range(1, 12):
        start = loop.now
        prefix = mirror.prefix(start, STEP, delay_ticks // 5 + 2)
        if sequence > 1:
            truth = loop.path.timeline.committed(start, STEP, len(prefix))
            worst.append(np.abs(prefix[1:] - truth[1:]).max())
        for _ in range(delay_ticks):
            loop.path.supervision.heard(loop.now, "policy", loop.now)
            commanded.append(loop.tick().state[0])
        chunk = chunk_at(start, noise.normal(0.0, 0.01, len(NAMES)), prefix, sequence, loop.now)
        offer(loop, chunk)
        mirror.sent(loop.now, chunk, HOME)
        loop.tick(5)
    assert loop.path.timeline.accepted == 11
    assert max(worst) < TOLERANCE_RAD
    assert loop.path.safety.may_move


def test_without_a_chunk_nothing_is_committed():
    mirror = CommittedMotion(30 * MS)
    assert len(mirror.prefix(0, STEP, 5)) == 0
    assert mirror.buffered_ns(0) == 0


def test_clear_forgets_the_motion():
    mirror = CommittedMotion(30 * MS)
    mirror.sent(TICK, chunk_at(0, 0.0, [], 1, TICK), HOME)
    assert mirror.buffered_ns(TICK) == (H - 1) * STEP - TICK
    mirror.clear()
    assert mirror.buffered_ns(TICK) == 0
