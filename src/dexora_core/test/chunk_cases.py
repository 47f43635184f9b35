"""Shared by the tests of chunk, curve, strategies and timeline: small robots and small chunks."""

import numpy as np
from dexora_core.chunk import ActionChunk, ChunkStamps
from dexora_core.motion import MotionLimits

MS = 1_000_000
STEP = 50 * MS


def small_limits(joints=3):
    """A robot of `joints` joints, all with the limits of an arm joint, in one group."""
    return MotionLimits(
        tuple(f"j{k}" for k in range(joints)),
        np.full(joints, -2.0),
        np.full(joints, 2.0),
        np.full(joints, 2.0),
        np.full(joints, 15.0),
        np.full(joints, 400.0),
        {"arm": np.arange(joints)},
    )


def make_chunk(start_ns=0, sequence=1, value=0.0, slope=0.0, horizon=16, joints=3, **fields):
    """A chunk that goes from `value` at time 0 with `slope` [rad/s], so that chunks of one line agree."""
    times = (start_ns + STEP * np.arange(horizon)) * 1e-9
    positions = np.repeat((value + slope * times)[:, None], joints, axis=1)
    defaults = {"source": "policy", "epoch": 1, "step_ns": STEP, "received_ns": start_ns, "prefix_steps": 0}
    return ActionChunk(start_ns=start_ns, sequence=sequence, positions=positions, **{**defaults, **fields})


def stamped(delay_ns, start_ns, **fields):
    """A chunk that took `delay_ns` from its joint state to its arrival."""
    stamps = ChunkStamps(joint_state_ns=start_ns)
    return make_chunk(start_ns, received_ns=start_ns + delay_ns, stamps=stamps, **fields)


def rest(position=0.0, joints=3):
    """A state at rest."""
    state = np.zeros((3, joints))
    state[0] = position
    return state
