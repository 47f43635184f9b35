"""Shared by the tests of the gate: random robots, hostile requests, and an independent check of outputs."""

from __future__ import annotations

import numpy as np
from dexora_core.errors import ContractError
from dexora_core.gate import CommandGate, GateConfig
from dexora_core.motion import MotionLimits
from dexora_core.stages import Clearance, GateRequest

NASTY = np.array([np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0, 1e9, 3.5])


def make_limits(rng: np.random.Generator, joints: int, group: int = 12) -> MotionLimits:
    """Random limits over two decades, in groups of `group` joints."""
    middle, half = rng.uniform(-2, 2, joints), 10 ** rng.uniform(-2, 0.5, joints)
    groups = {f"g{k}": np.arange(k, min(k + group, joints)) for k in range(0, joints, group)}
    return MotionLimits(
        tuple(f"j{k}" for k in range(joints)),
        middle - half,
        middle + half,
        10 ** rng.uniform(-1, 1, joints),
        10 ** rng.uniform(0, 2, joints),
        10 ** rng.uniform(1, 3.5, joints),
        groups,
    )


def exact_order(names):
    """Return a permute function that knows exactly `names`."""
    index = {name: k for k, name in enumerate(names)}

    def permute(given):
        if sorted(given) != sorted(index):
            raise ContractError("joint names do not fit the robot")
        where = {name: k for k, name in enumerate(given)}
        return np.array([where[name] for name in names])

    return permute


def make_gate(limits: MotionLimits, rng: np.random.Generator, **config) -> CommandGate:
    """A gate that rests at a random place inside the limits."""
    start = limits.lower + rng.uniform(0, 1, limits.count) * (limits.upper - limits.lower)
    return CommandGate(limits, exact_order(limits.names), GateConfig(**config), start, 0)


class Requests:
    """A stream of requests: mostly plausible motion, with hostile ones in between."""

    def __init__(self, limits: MotionLimits, rng: np.random.Generator) -> None:
        self.limits, self.rng = limits, rng
        self.target = limits.middle.copy()
        self.kind = 0

    def next(self, now_ns: int) -> GateRequest:
        rng, limits = self.rng, self.limits
        if rng.uniform() < 0.15:
            self.kind = int(rng.integers(0, 6))
            reach = rng.choice([0.3, 1.0, 1.3, 5.0])
            self.target = limits.middle + rng.uniform(-reach, reach, limits.count) * limits.half_range
        if rng.uniform() < 0.06:
            return self.hostile(now_ns)
        q, v, a = self.target, None, None
        if self.kind == 1:
            v = rng.uniform(-1.5, 1.5, limits.count) * limits.velocity
            a = rng.uniform(-1.5, 1.5, limits.count) * limits.acceleration
        if self.kind == 2:
            q = q + 0.01 * rng.normal(size=limits.count)
        if self.kind == 3:
            return GateRequest(q, speed_scale=float(rng.uniform(0.0, 1.2)))
        if self.kind == 4:
            return GateRequest(q, stop=rng.uniform(size=limits.count) < 0.5)
        if self.kind == 5:
            order = rng.permutation(limits.count)
            return GateRequest(q[order], names=tuple(limits.names[k] for k in order))
        return GateRequest(q, v, a)

    def hostile(self, now_ns: int) -> GateRequest:
        rng, n = self.rng, self.limits.count
        kind = rng.integers(0, 8)
        values = self.target.copy()
        where = rng.uniform(size=n) < rng.choice([1.0 / n, 0.1, 1.0])
        values[where] = rng.choice(NASTY, where.sum())
        if kind == 0:
            return GateRequest(values)
        if kind == 1:
            return GateRequest(self.target, values, rng.permutation(values))
        if kind == 2:
            return GateRequest(rng.uniform(size=rng.choice([0, 1, n - 1, n + 1, 3 * n])))
        if kind == 3:
            with np.errstate(over="ignore"):
                return GateRequest(values.reshape(1, n).astype(np.float32))
        if kind == 4:
            return GateRequest(self.target, speed_scale=float(rng.choice(NASTY)))
        if kind == 5:
            return GateRequest(self.target, names=("who", "is", "this"))
        if kind == 6:
            return GateRequest(None, stop=np.ones(n + 1, dtype=bool))
        near = float(rng.choice([np.nan, -1.0, 0.005, 0.015, 0.5]))
        stamp = now_ns - int(rng.choice([0, 10**9]))
        return GateRequest(values, measured=values, clearance=Clearance(stamp, near, near + 0.01, "a and b"))


def random_dt_ns(rng: np.random.Generator) -> int:
    """A time step in [0, 1] s: usually about a tick, sometimes none, tiny or very long."""
    if rng.uniform() < 0.7:
        return int(rng.uniform(5e6, 15e6))
    return int(10 ** rng.uniform(0, 9)) - 1


def excess(limits: MotionLimits, state: np.ndarray) -> float:
    """How far (3, ..., J) states lie outside position, velocity and acceleration limits, relative to each."""
    q, v, a = state
    worst = [
        np.max(np.abs(q - limits.middle) / limits.half_range),
        np.max(np.abs(v) / limits.velocity),
        np.max(np.abs(a) / limits.acceleration),
    ]
    return float(np.max(worst)) - 1.0


def step_excess(limits: MotionLimits, before: np.ndarray, after: np.ndarray, dt_s: float) -> float:
    """How far the change over `dt_s` exceeds what velocity, acceleration and jerk limits allow (absolute)."""
    change = np.abs(after - before)
    allowed = np.stack([limits.velocity, limits.acceleration, limits.jerk]) * dt_s
    slack = 1e-12 * np.stack([np.ones(limits.count), limits.velocity, limits.acceleration]) + 4e-16 * np.abs(
        after
    )
    return float(np.max(change - allowed - slack))
