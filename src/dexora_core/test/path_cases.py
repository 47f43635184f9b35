"""Shared by the tests of the command path: the shipped robot, and a loop that feeds and records it."""

import numpy as np
from dexora_core.chunk import ChunkStamps, RawChunk
from dexora_core.command_path import CommandPath
from dexora_core.command_types import CommandConfig, TickInputs
from dexora_core.contract import load_contract
from receiver import Receiver

from dexora_description import contract_path

MS = 1_000_000
TICK = 10 * MS
CONTRACT = load_contract(contract_path("dexora36"))
NAMES = CONTRACT.joint_names
HOME = CONTRACT.home_rad


class Loop:
    """Ticks a command path with perfect joint states and lets receivers follow its messages."""

    def __init__(self, **changes):
        self.config = CommandConfig.from_contract(CONTRACT, **changes)
        self.path = CommandPath(CONTRACT, self.config, HOME, 0)
        self.now = 0
        self.silent = set()
        self.receivers = {g: Receiver(HOME[i]) for g, i in self.path.limits.groups.items()}
        self.last = None
        self.sequence = 0
        self.conditions = ()
        self.lateness = 0

    def tick(self, count=1, policy=None, teleop=None):
        """Do `count` ticks; `policy` and `teleop` are functions of time [s] that give positions (J,)."""
        for _ in range(count):
            self.now += TICK
            for group, index in self.path.limits.groups.items():
                if group not in self.silent:
                    measured = self.receivers[group].state_at(self.now)[0]
                    self.path.joint_state(self.now, [NAMES[k] for k in index], measured, self.now)
            if policy is not None and self.now % (5 * TICK) == 0:
                self.chunk("policy", policy)
            if teleop is not None:
                self.chunk("teleop", teleop, horizon=8, step=0.02)
            self.last = self.path.tick(self.now, TickInputs(self.lateness, tuple(self.conditions)))
            for group, points in self.last.trajectories.items():
                self.receivers[group].take(points, self.now, self.last.now_ns)
        return self.last

    def chunk(self, source, motion, horizon=32, step=0.05, delay=40 * MS, **fields):
        """Send a chunk that describes `motion` from `delay` ago on."""
        self.sequence += 1
        start = self.now - delay
        times = start * 1e-9 + step * np.arange(horizon)
        positions = np.array([motion(t) for t in times], dtype=np.float32)
        raw = {
            "source": source,
            "sequence": self.sequence,
            "epoch": self.path.arbiter.epoch,
            "start_ns": start,
            "step_dt_s": step,
            "horizon": horizon,
            "joint_names": NAMES,
            "positions": positions.ravel(),
            "prefix_steps": 3,
            "stamps": ChunkStamps(start, start, start, start, self.now),
        }
        return self.path.offer_chunk(self.now, RawChunk(**{**raw, **fields}))

    def codes(self):
        """Codes of the active faults."""
        return [fault.code for fault in self.last.safety.faults]


def sway(t):
    """A gentle motion around home that every joint can follow."""
    room = np.minimum(CONTRACT.upper_rad - HOME, HOME - CONTRACT.lower_rad)
    reach = np.clip(room, 0.0, 0.2)
    up = np.where(HOME - CONTRACT.lower_rad < 1e-3, 0.2, 0.0)
    return HOME + reach * np.sin(2.0 * t) + up * (1 - np.cos(2.0 * t)) / 2
