"""The twin: how much faster than real time it runs, with and without cameras, and environment steps per core.

Bars: physics alone at least ten times real time with hands in contact; physics with four 96x96 cameras at
20 Hz at least real time, every picture drawn; handing a state to the cameras under 2 ms at p99; the node with
its controllers and four 96x96 cameras at least real time. Joint states are timed from stamp to arrival.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
from _harness import Bar, Options, Percentiles, Report, alternate, main, median_of
from _twin_ros import CONDITIONS, Block, run_block
from dexora_core.contract import RobotContract, load_contract
from dexora_sim.cameras import CameraRenderer
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.tasks import make_task
from dexora_sim.twin import Twin

from dexora_description import contract_path

SIZES = ((96, 96), (224, 224), (480, 640))
CAMERA_PERIOD_S = 0.05
BATCH_STEPS = 5
# Fingers and thumb a little off the can.
HALF_CLOSED_RAD = (1.2, 0.35, 0.35, 0.0, *([0.7] * 8))


def run_physics(twin: Twin, seconds: float, targets: Callable[[float], np.ndarray]) -> float:
    """Run physics as fast as it goes for `seconds` of wall time, targets at 100 Hz; return x real time."""
    start = time.perf_counter()
    begun_ns = twin.time_ns
    while time.perf_counter() - start < seconds:
        twin.set_targets(targets(twin.data.time))
        twin.step(BATCH_STEPS)
    return (twin.time_ns - begun_ns) * 1e-9 / (time.perf_counter() - start)


def still(twin: Twin) -> Callable[[float], np.ndarray]:
    """Hold the start pose."""
    start = twin.targets()
    return lambda time_s: start


def waving(twin: Twin) -> Callable[[float], np.ndarray]:
    """Swing all joints."""
    start, phase = twin.targets(), np.arange(36) * 0.7
    return lambda time_s: start + 0.2 * np.sin(3.0 * time_s + phase)


def gripping(twin: Twin) -> Callable[[float], np.ndarray]:
    """Hold the can in the right hand: contacts at palm, fingers and thumb, as long as the block lasts."""
    model, data = twin.model, twin.data
    hand = twin.world().hands["right"]
    upright = np.column_stack([hand.rotation[:, 0], hand.rotation[:, 2], hand.rotation[:, 1]])
    upright[:, 1] = np.cross(upright[:, 2], upright[:, 0])
    address = int(model.jnt_qposadr[model.body("can").jntadr[0]])
    data.qpos[address : address + 3] = hand.palm + hand.rotation[:, 0] * 0.034
    mujoco.mju_mat2Quat(data.qpos[address + 3 : address + 7], upright.ravel())
    fingers = [int(model.joint(f"right_hand_joint_{k}").qposadr[0]) for k in range(1, 13)]
    data.qpos[fingers] = HALF_CLOSED_RAD
    mujoco.mj_forward(model, data)
    closed = twin.targets()
    closed[twin.contract.group_indices("right_hand")] = np.array(HALF_CLOSED_RAD) + 0.3
    return lambda time_s: closed


def with_cameras(contract: RobotContract, size: tuple[int, int], seconds: float) -> dict[str, float]:
    """Run physics with four cameras at 20 Hz, never starting a picture before the last one is drawn."""
    twin = Twin(contract, make_task("lift"))
    cameras = [replace(camera, height=size[0], width=size[1], rate_hz=20.0) for camera in contract.cameras]
    renderer = CameraRenderer(twin.model, cameras)
    steps, pictures = round(CAMERA_PERIOD_S / twin.timestep_s), 0
    targets = waving(twin)
    renderer.update(twin)
    renderer.wait_idle()
    renderer.frames()
    start = time.perf_counter()
    begun_ns = twin.time_ns
    while time.perf_counter() - start < seconds:
        for _ in range(steps // BATCH_STEPS):
            twin.set_targets(targets(twin.data.time))
            twin.step(BATCH_STEPS)
        renderer.wait_idle()
        pictures += len(renderer.frames())
        renderer.update(twin)
    wall_s = time.perf_counter() - start
    renderer.close()
    simulated_s = (twin.time_ns - begun_ns) * 1e-9
    return {"factor": simulated_s / wall_s, "pictures_per_s": pictures / wall_s}


def handing_over(contract: RobotContract, seconds: float) -> list[float]:
    """Pace the world in real time with four cameras; return the times that `update` took, in ms."""
    twin = Twin(contract, make_task("lift"))
    renderer = CameraRenderer(twin.model, [replace(c, height=96, width=96) for c in contract.cameras])
    taken, start = [], time.perf_counter()
    while twin.data.time < seconds:
        twin.step(BATCH_STEPS)
        before = time.perf_counter()
        renderer.update(twin)
        renderer.frames()
        taken.append(1e3 * (time.perf_counter() - before))
        time.sleep(max(0.0, start + twin.data.time - time.perf_counter()))
    renderer.close()
    return taken


def env_steps(size: tuple[int, int] | None, seconds: float) -> tuple[float, float]:
    """Return environment steps per second of wall time and per second of processor time."""
    env = DexoraEnv("lift", EnvConfig(image_size=size))
    env.reset(seed=0)
    action = env.twin.targets().astype(np.float32)
    env.step(action)
    steps, wall, work = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < seconds:
        _, _, is_over, is_late, _ = env.step(action)
        steps += 1
        if is_over or is_late:
            env.reset(seed=steps)
    wall, work = time.perf_counter() - wall, time.process_time() - work
    env.close()
    return steps / wall, steps / work


def measure(options: Options) -> Report:
    """Measure all conditions in alternating blocks."""
    contract = load_contract(contract_path())
    report = Report()
    physics = _physics(contract, options, report)
    smallest = _cameras(contract, options, report)
    node = _node(options, report)
    _environments(options, report)
    taken = handing_over(contract, options.block_s)
    report.samples["handing_over_ms"] = taken
    report.bars = [
        Bar("T1", "physics alone, hands in contact, x real time", physics, 10.0, 20.0),
        Bar("T2", "physics with four 96x96 cameras at 20 Hz, x real time", smallest, 1.0, 2.0),
        Bar(
            "T3",
            "handing a state to the cameras, p99",
            Percentiles.of(taken).p99,
            2.0,
            0.5,
            unit="ms",
            lower_is_better=True,
        ),
        Bar("T4", "twin_node, controllers and four 96x96 cameras, x real time", node, 1.0, 1.5),
    ]
    report.notes = [
        "Physics at 500 Hz, targets at 100 Hz, scene of `lift`; x real time is simulated by wall time.",
        "With cameras: a second process draws while physics runs; every picture is waited for.",
        "Environment steps are 50 ms each, drawn in the same process; per core counts all threads.",
        "twin_node: targets at 20 Hz to its controllers, joint states 125 Hz, pictures to other processes.",
        "Latency, p50/p95/p99: from reading the joint state at its stamp to the callback in another process.",
        "T4 is the speed at which neither the world nor its cameras (20 Hz of simulated time) fall behind.",
    ]
    return report


def _physics(contract: RobotContract, options: Options, report: Report) -> float:
    def block(make: Callable[[Twin], Callable[[float], np.ndarray]]) -> Callable[[], float]:
        def run() -> float:
            twin = Twin(contract, make_task("lift"))
            return run_physics(twin, options.block_s / 4, make(twin))

        return run

    conditions = {"standing still": still, "all joints moving": waving, "hands in contact": gripping}
    results = alternate({name: block(make) for name, make in conditions.items()}, options.repetitions)
    for name, factors in results.items():
        report.rows.append(_row(f"physics, {name}", "-", factor=median_of(factors)))
    return median_of(results["hands in contact"])


def _cameras(contract: RobotContract, options: Options, report: Report) -> float:
    blocks = {size: (lambda size=size: with_cameras(contract, size, options.block_s / 2)) for size in SIZES}
    results = alternate({str(size): block for size, block in blocks.items()}, options.repetitions)
    factors = {}
    for size in SIZES:
        found = results[str(size)]
        factors[size] = median_of([block["factor"] for block in found])
        pictures = median_of([block["pictures_per_s"] for block in found])
        report.rows.append(
            _row("physics and four cameras at 20 Hz", _shown(size), factor=factors[size], pictures=pictures)
        )
    return factors[SIZES[0]]


def _node(options: Options, report: Report) -> float:
    def block(name: str) -> Callable[[], Block]:
        return lambda: run_block(CONDITIONS[name], options.block_s)

    speed = float("nan")
    for name, found in alternate({name: block(name) for name in CONDITIONS}, options.repetitions).items():
        factor, speed = (median_of([getattr(one, of) for one in found]) for of in ("factor", "speed"))
        latencies = [value for one in found for value in one.latencies_ms]
        report.samples[f"{name}, latency_ms"] = latencies
        pictures = median_of([one.pictures_per_s for one in found])
        row = _row(name, CONDITIONS[name].pictures, factor=factor, pictures=pictures)
        of = Percentiles.of(latencies)
        report.rows.append(row | {"latency ms": f"{of.p50:.2f}/{of.p95:.2f}/{of.p99:.2f}"})
    return speed  # of the last condition, the unpaced one


def _environments(options: Options, report: Report) -> None:
    for size in (None, *SIZES[:2]):
        wall, core = env_steps(size, options.block_s / 4)
        report.rows.append(
            _row("environment", _shown(size), factor=wall * CAMERA_PERIOD_S, steps=wall, steps_core=core)
        )


def _shown(size: tuple[int, int] | None) -> str:
    return "no pictures" if size is None else f"{size[0]}x{size[1]}"


def _row(
    condition: str,
    pictures_size: str,
    *,
    factor: float,
    pictures: float | None = None,
    steps: float | None = None,
    steps_core: float | None = None,
) -> dict[str, object]:
    def text(value: float | None) -> str:
        return "-" if value is None else f"{value:.3g}"

    return {
        "condition": condition,
        "pictures": pictures_size,
        "x real time": f"{factor:.3g}",
        "pictures/s": text(pictures),
        "steps/s": text(steps),
        "steps/s per core": text(steps_core),
        "latency ms": "-",
    }


if __name__ == "__main__":
    sys.exit(main("twin", __doc__, measure))
