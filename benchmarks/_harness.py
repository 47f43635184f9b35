"""What every benchmark shares: conditions, alternating blocks, percentiles, bars, `--json` and `--check`.

A benchmark is a function `measure(options) -> Report`; its script ends with
`sys.exit(main("name", __doc__, measure))`. `make bench B=<name>` runs it.

    --json FILE   write conditions, rows, bars and raw samples
    --check       exit 1 when a bar is missed
    --quick       short blocks, to see that it works; its figures are not for publication
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from _conditions import ForeignLoad, conditions

T = TypeVar("T")


# Figures taken beside more foreign load than this, in percent of one core, are not published.
QUIET_MACHINE_PERCENT = 15.0


@dataclass(frozen=True)
class Options:
    """How a benchmark was asked to run.

    Attributes:
        quick: True: short blocks.
        repetitions: Blocks per side.
        block_s: Measured length of one block [s].
    """

    quick: bool
    repetitions: int
    block_s: float


@dataclass(frozen=True)
class Percentiles:
    """Distribution of one quantity; the unit is the caller's."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Percentiles:
        """Summarise samples; an empty sequence gives NaN."""
        if len(samples) == 0:
            return cls(0, *(float("nan"),) * 4)
        p50, p95, p99 = np.percentile(samples, (50, 95, 99))
        return cls(len(samples), float(p50), float(p95), float(p99), float(np.max(samples)))


@dataclass(frozen=True)
class Bar:
    """One promise and what was measured.

    Attributes:
        name: Identifier, such as `R1`.
        what: The promise in words.
        value: Measured value.
        bar: What `--check` asks for.
        goal: What the release aims at.
        unit: Unit of all three, such as `x` or `%`.
        lower_is_better: True when the value must not exceed the bar.
    """

    name: str
    what: str
    value: float
    bar: float
    goal: float
    unit: str = "x"
    lower_is_better: bool = False

    @property
    def is_met(self) -> bool:
        """True when the value passes the bar; NaN never passes."""
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar

    @property
    def reaches_goal(self) -> bool:
        """True when the value passes the goal."""
        return self.value <= self.goal if self.lower_is_better else self.value >= self.goal


@dataclass
class Report:
    """What a benchmark found.

    Attributes:
        rows: Table rows; rows in turn with the same keys, the column titles, are shown as one table.
        bars: Promises, checked by `--check`.
        notes: Sentences on what is inside the timers, the order of blocks and the like.
        samples: Raw samples by name, for the archive.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: dict[str, Any] = field(default_factory=dict)


def alternate(blocks: Mapping[str, Callable[[], T]], repetitions: int) -> dict[str, list[T]]:
    """Run A, B, A, B ... so that a slow minute of the machine hits both sides.

    Args:
        blocks: The sides by name; each call measures one block.
        repetitions: Blocks per side.
    """
    results: dict[str, list[T]] = {name: [] for name in blocks}
    for _ in range(repetitions):
        for name, block in blocks.items():
            results[name].append(block())
    return results


def median_of(values: Sequence[float]) -> float:
    """Return the median over blocks, ignoring blocks that gave nothing; NaN when none gave anything."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else float("nan")


def main(
    name: str,
    description: str | None,
    measure: Callable[[Options], Report],
    *,
    block_s: tuple[float, float] = (20.0, 3.0),
    repetitions: tuple[int, int] = (3, 1),
) -> int:
    """Run a benchmark from the command line and return its exit code.

    Args:
        name: Name of the benchmark.
        description: Help text.
        measure: Measures and returns the report.
        block_s: Length of a block, full and quick [s].
        repetitions: Blocks per side, full and quick.
    """
    parser = argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, raw samples included")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    parser.add_argument("--quick", action="store_true", help="short blocks; figures are not for publication")
    parser.add_argument("--block-s", type=float, help="length of a block [s]")
    parser.add_argument("--repetitions", type=int, help="blocks per side")
    arguments = parser.parse_args()
    options = Options(
        quick=arguments.quick,
        repetitions=arguments.repetitions or repetitions[arguments.quick],
        block_s=arguments.block_s or block_s[arguments.quick],
    )
    before = conditions()
    foreign_load = ForeignLoad()
    report = measure(options)
    before["foreign_cpu_percent"] = round(foreign_load.percent_of_one_core(), 1)
    show(name, options, before, report)
    if arguments.json:
        write_json(arguments.json, name, options, before, report)
    return int(arguments.check and not all(bar.is_met for bar in report.bars))


def show(name: str, options: Options, circumstances: Mapping[str, Any], report: Report) -> None:
    """Print the report as plain text."""
    print(f"{name}{' (quick: not for publication)' if options.quick else ''}")
    print("; ".join(f"{key}: {value}" for key, value in circumstances.items() if value))
    print(f"blocks of {options.block_s:g} s, {options.repetitions} per side, alternating\n")
    for _, rows in groupby(report.rows, key=list):
        print(table(list(rows)))
    print(table([_bar_row(bar) for bar in report.bars]))
    for note in report.notes:
        print(f"note: {note}")
    if circumstances.get("foreign_cpu_percent", 0.0) > QUIET_MACHINE_PERCENT:
        print(f"note: others used more than {QUIET_MACHINE_PERCENT:g} % of a core: not for publication")


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as an aligned text table; the keys of the first row are the titles."""
    if not rows:
        return ""
    titles = list(rows[0])
    cells = [titles, *([_cell(row.get(title, "")) for title in titles] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _bar_row(bar: Bar) -> dict[str, Any]:
    sign = "<=" if bar.lower_is_better else ">="
    state = "goal reached" if bar.reaches_goal else "bar met" if bar.is_met else "BAR MISSED"
    return {
        "bar": bar.name,
        "what": bar.what,
        "measured": f"{bar.value:.4g} {bar.unit}",
        "needed": f"{sign} {bar.bar:g}",
        "goal": f"{sign} {bar.goal:g}",
        "": state,
    }


def write_json(
    path: Path, name: str, options: Options, circumstances: Mapping[str, Any], report: Report
) -> None:
    """Write the report with its raw samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bars = [asdict(bar) | {"is_met": bar.is_met, "reaches_goal": bar.reaches_goal} for bar in report.bars]
    content = {
        "benchmark": name,
        "options": asdict(options),
        "conditions": dict(circumstances),
        "rows": report.rows,
        "bars": bars,
        "notes": report.notes,
        "samples": report.samples,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
