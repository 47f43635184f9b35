"""Endurance part of benchmarks/command_path.py: minutes at 100 Hz with a load that alternates."""

from __future__ import annotations

from collections.abc import Iterator

from _command_figures import row
from _command_lateness import LOADS, NODE, Stand, load
from _harness import Bar, Report

RATE_HZ = 100
PHASE_S = 20.0


def endurance(seconds: float, report: Report) -> Iterator[None]:
    """Let the policy move the robot under a load that is idle, burners and flood in turn.

    Args:
        seconds: Length of the run [s].
        report: Where the results go.
    """
    stops = phases = 0
    length_s = min(PHASE_S, seconds / len(LOADS))
    with Stand() as stand:
        scheduling = stand.start_node(RATE_HZ)
        before = stand.robot.statuses[-1]
        while phases * length_s < seconds - 1e-6:
            with load(LOADS[phases % len(LOADS)], length_s + 30.0, stand.tuned):
                stand.spin(length_s)
            phases += 1
            if stand.robot.safety[-1].owner != "policy":
                stops += 1
                stand.robot.move()
        after = stand.robot.statuses[-1]
        content = stand.end_node()
    ticks, skipped = after.ticks - before.ticks, after.skipped_ticks - before.skipped_ticks
    late = (content["lateness"][-ticks:] / 1e3).tolist()
    name = f"{NODE} ({scheduling})"
    report.rows.append(row(f"endurance: lateness, {RATE_HZ} Hz, load alternates", name, "us", late))
    report.rows.append(row("endurance: ticks skipped", name, "ticks", [float(skipped)]))
    report.rows.append(row("endurance: times the robot was stopped", name, "1", [float(stops)]))
    report.samples["endurance"] = {"lateness us": late, "ticks": ticks, "skipped": skipped, "stops": stops}
    what = f"skipped ticks in {ticks / RATE_HZ / 60:.1f} min at {RATE_HZ} Hz, load alternates"
    report.bars.append(Bar("L4", what, float(skipped), 0.0, 0.0, "ticks", True))
    report.notes.append(
        f"endurance: {ticks} ticks, idle, burners and flood in turn, {length_s:g} s each; skipped ticks are"
        f" the tick log's count, the lateness is that of the {len(late)} newest ticks, which the log holds"
    )
    yield
