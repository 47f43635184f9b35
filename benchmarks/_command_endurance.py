"""Endurance part of benchmarks/command_path.py: minutes at 100 Hz with a load that alternates."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator

from _command_figures import row
from _command_lateness import GRANTED, LOADS, NODE, Stand, load, loop_block
from _harness import Bar, Report
from dexora_control.command_parameters import CommandParameters

RATE_HZ = 100
PHASE_S = 20.0
LOOP_ENDS_S = 60.0


def endurance(seconds: float, report: Report) -> Iterator[None]:
    """Let the policy move the robot under a load that is idle, burners and flood in turn.

    Beside it runs a loop that only sleeps to absolute times, in the node's scheduling class: when that loses
    a period too, the machine stood still.

    Args:
        seconds: Length of the run [s].
        report: Where the results go.
    """
    stops: list[int] = []
    with Stand() as stand:
        scheduling = stand.start_node(RATE_HZ)
        before = stand.robot.statuses[-1]

        def loads(process: subprocess.Popen[bytes]) -> None:
            stops.extend(_phases(stand, seconds))
            process.wait(timeout=LOOP_ENDS_S)

        priority = CommandParameters().realtime_priority
        floor = loop_block(("bare", RATE_HZ, seconds, priority), stand.plain, loads)
        after = stand.robot.statuses[-1]
        content = stand.end_node()
    ticks, skipped = after.ticks - before.ticks, after.skipped_ticks - before.skipped_ticks
    late = (content["lateness"][-ticks:] / 1e3).tolist()
    lost = sum(int(one * RATE_HZ / 1e6) for one in floor.lateness_us)
    name, beside = f"{NODE} ({scheduling})", f"{GRANTED} ({floor.scheduling})"
    title = f"endurance: lateness, {RATE_HZ} Hz, load alternates"
    report.rows.append(row(title, name, "us", late))
    report.rows.append(row(title, beside, "us", floor.lateness_us))
    report.rows.append(row("endurance: ticks skipped", name, "ticks", [float(skipped)]))
    report.rows.append(row("endurance: ticks skipped", beside, "ticks", [float(lost)]))
    report.rows.append(row("endurance: times the robot was stopped", name, "1", [float(len(stops))]))
    kept = {"lateness us": late, "ticks": ticks, "skipped": skipped, "stops": len(stops)}
    report.samples["endurance"] = {**kept, "bare loop us": floor.lateness_us, "bare loop skipped": lost}
    what = f"skipped ticks in {ticks / RATE_HZ / 60:.1f} min at {RATE_HZ} Hz, load alternates"
    report.bars.append(Bar("L4", what, float(skipped), 0.0, 0.0, "ticks", True))
    report.notes.append(
        f"endurance: {ticks} ticks, idle, burners and flood in turn, {_length_s(seconds):g} s each; skipped"
        f" ticks are the tick log's count, the lateness is that of the {len(late)} newest ticks; {skipped}"
        f" were skipped where the bare loop beside it lost {lost} periods"
    )
    yield


def _length_s(seconds: float) -> float:
    return min(PHASE_S, seconds / len(LOADS))


def _phases(stand: Stand, seconds: float) -> Iterator[int]:
    """Load the machine in turn; yield the number of each phase in which the robot was stopped."""
    length_s = _length_s(seconds)
    for phase in range(math.ceil(seconds / length_s - 1e-6)):
        with load(LOADS[phase % len(LOADS)], length_s + 30.0, stand.tuned):
            stand.spin(length_s)
        if stand.robot.safety[-1].owner != "policy":
            stand.robot.move()
            yield phase
