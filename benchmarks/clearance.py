"""Cost and rate of the collision check: one evaluation, and what the node reaches beside the command node.

Evaluations: the poses of the command node's intent (measured, commanded, at rest, six ahead) along motions of
the shipped robot: at home, wandering at random, hands close together. Beside them, as peers in the same run:
every watched pair by this model without looking only at what is near, and MuJoCo's `mj_geomDistance` called
pair by pair, which is what a simulator on the robot would do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
from _harness import Bar, Options, Percentiles, Report, alternate, main
from dexora_core.clearance import ClearanceJudge
from dexora_core.collision import CollisionModel
from dexora_core.contract import load_contract

from dexora_description import collision_path, contract_path, mjcf_path, urdf_path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src/dexora_core/test"), str(ROOT / "tests/faults")]
CONTRACT = load_contract(contract_path())
MODEL = CollisionModel.load(urdf_path(), collision_path(), CONTRACT.joint_names)
AHEAD = 8
SIGHT_M, TOUCH_M = 0.05, 0.001
BAR_MS, GOAL_MS = 10.0, 5.0
BAR_HZ = 45.0


def motions(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return joint positions over time by name, shape (n, J) [rad], 50 ms apart."""
    from closing import meeting_pose  # noqa: PLC0415 - lies beside the tests

    home, share = CONTRACT.home_rad, np.linspace(0.0, 1.0, 120)[:, None]
    meeting = home + share * (meeting_pose(CONTRACT, rng) - home)
    meeting = meeting[: int(np.argmax(MODEL.distances(meeting).min(axis=1) < TOUCH_M))]
    steps = np.cumsum(rng.normal(0.0, 0.05, (200, len(home))), axis=0)
    wander = np.clip(home + steps, CONTRACT.lower_rad, CONTRACT.upper_rad)
    return {
        "at home": np.repeat(home[None], 60, axis=0),
        "wandering": wander,
        "hands close": meeting[-2 * AHEAD :],
    }


def times_ms(evaluate: Callable[[np.ndarray], object], way: np.ndarray, seconds: float) -> list[float]:
    """Return the wall time of evaluations along a motion [ms]."""
    samples, end_s, index = [], time.monotonic() + seconds, 0
    while time.monotonic() < end_s:
        poses = way[index % (len(way) - AHEAD) :][:AHEAD]
        begin_s = time.perf_counter()
        evaluate(poses)
        samples.append((time.perf_counter() - begin_s) * 1e3)
        index += 1
    return samples


def judged(poses: np.ndarray) -> object:
    """One evaluation as the node does it."""
    judge = ClearanceJudge(CONTRACT, MODEL)
    judge.measured(CONTRACT.joint_names, poses[0], 1)
    judge.intent(CONTRACT.joint_names, poses, 1)
    return judge.judge()


class Simulator:
    """The same pairs by MuJoCo, one call each."""

    def __init__(self) -> None:
        self._model = mujoco.MjModel.from_xml_path(str(mjcf_path()))
        self._data = mujoco.MjData(self._model)
        self._qpos = [self._model.joint(name).qposadr[0] for name in CONTRACT.joint_names]
        geoms: dict[str, list[int]] = {}
        for geom in np.flatnonzero(self._model.geom_contype):
            geoms.setdefault(self._model.body(self._model.geom_bodyid[geom]).name, []).append(int(geom))
        linked = dict.fromkeys(MODEL.pair_names)
        self._pairs = [(a, b) for one, other in linked for a in geoms[one] for b in geoms[other]]

    def __call__(self, poses: np.ndarray) -> float:
        """Return the smallest distance of all poses [m]."""
        nearest = SIGHT_M
        for pose in (poses[0], *poses):
            self._data.qpos[self._qpos] = pose
            mujoco.mj_kinematics(self._model, self._data)
            for a, b in self._pairs:
                nearest = min(nearest, mujoco.mj_geomDistance(self._model, self._data, a, b, SIGHT_M, None))
        return nearest


def node_rate(seconds: float) -> tuple[list[float], list[float]]:
    """Return periods of the node's answers and the processor time of each [ms], on the twin."""
    from tests.faults.test_clearance_row import KINDS, WITH, WatchedRobot  # noqa: PLC0415 - starts a context

    robot = WatchedRobot()
    try:
        robot.start(*KINDS, **WITH)
        robot.up()
        robot.clearances.clear()
        robot.let_pass(seconds)
        stamps = [one.header.stamp.sec * 1e3 + one.header.stamp.nanosec * 1e-6 for one in robot.clearances]
        return np.diff(stamps).tolist(), [one.evaluation * 1e3 for one in robot.clearances]
    finally:
        robot.close()


def measure(options: Options) -> Report:
    """Measure evaluations side by side, then the node."""
    report = Report(notes=["an evaluation judges 9 poses; the simulator is given the same ones"])
    simulator, worst_ms = Simulator(), 0.0
    for name, way in motions(np.random.default_rng(0)).items():
        sides = {"clearance": judged, "every pair": MODEL.distances, "mj_geomDistance": simulator}
        blocks = {
            side: lambda evaluate=evaluate, way=way: times_ms(evaluate, way, options.block_s / 4)
            for side, evaluate in sides.items()
        }
        for side, samples in alternate(blocks, options.repetitions).items():
            figures = Percentiles.of([value for block in samples for value in block])
            report.rows.append(_row(f"evaluation, {name}", side, figures, "ms"))
            report.samples[f"{name}: {side}"] = samples
            worst_ms = max(worst_ms, figures.p99) if side == "clearance" else worst_ms
    periods_ms, costs_ms = node_rate(options.block_s)
    report.rows.append(_row("period of answers", "clearance_node", Percentiles.of(periods_ms), "ms"))
    report.rows.append(_row("processor time", "clearance_node", Percentiles.of(costs_ms), "ms"))
    report.samples |= {"period": periods_ms, "cost": costs_ms}
    rate_hz = 1e3 * len(periods_ms) / sum(periods_ms)
    report.bars.append(
        Bar("C1", "p99 of an evaluation", worst_ms, BAR_MS, GOAL_MS, "ms", lower_is_better=True)
    )
    report.bars.append(Bar("C2", "answers per simulated second", rate_hz, BAR_HZ, 50.0, "Hz"))
    return report


def _row(what: str, side: str, figures: Percentiles, unit: str) -> dict[str, object]:
    return {
        "what": what,
        "side": side,
        "n": figures.n,
        "p50": figures.p50,
        "p95": figures.p95,
        "p99": figures.p99,
        "max": figures.max,
        "unit": unit,
    }


if __name__ == "__main__":
    sys.exit(main("clearance", __doc__, measure))
