"""The command path: lateness of its ticks, cost, motion, reactions, and ten minutes without a skipped tick.

    --part NAME         only this part; may be given several times, see below
    --endurance-s S     length of the part endurance [s]; 600, with --quick 6

cost: gate and timeline alone, one `CommandPath.tick` and one chunk, 36 joints in motion.
motion: the five strategies and the release's own loop on the same recorded chunks with a delay of 0 to
400 ms: largest jumps at the borders of chunks, RMS jerk, tracking error, idle ticks, limits exceeded.
reaction: from a fault to its end, in injected time; `tests/faults` measures processes.
lateness: the real command node on the twin at 100, 250 and 500 Hz, idle, with all cores burning, and beside a
flood of 1 MB images, against a process that only sleeps to absolute times, the same in the node's scheduling
class, and a plain rclpy timer beside the same robot.
endurance: the command node at 100 Hz while these loads take turns.

`--json` is written anew after every part, and every rate and load: a run that is killed loses little. The
parts can be run one by one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from _command_cost import cost
from _command_endurance import endurance
from _command_lateness import lateness
from _command_motion import motion
from _command_reaction import reaction
from _conditions import conditions
from _harness import Options, Report, main, write_json

NAME = "command_path"
Part = Callable[[Options, Report], Iterator[None]]
PARTS: dict[str, Part] = {"cost": cost, "motion": motion, "reaction": reaction, "lateness": lateness}
ENDURANCE = "endurance"
ENDURANCE_S = (600.0, 6.0)


def measure_with(
    chosen: Sequence[str], endurance_s: float | None, file: Path | None
) -> Callable[..., Report]:
    """Return what measures the chosen parts and writes what there is after each step.

    Args:
        chosen: Names of parts.
        endurance_s: Length of the part endurance [s]; None takes the usual.
        file: Where to write; None writes nothing.
    """

    def measure(options: Options) -> Report:
        report, circumstances = Report(), conditions()
        seconds = ENDURANCE_S[options.quick] if endurance_s is None else endurance_s
        parts: dict[str, Part] = {**PARTS, ENDURANCE: lambda _options, into: endurance(seconds, into)}
        for name in chosen:
            for _ in parts[name](options, report):
                if file is not None:
                    write_json(file, NAME, options, circumstances, report)
        return report

    return measure


def own_arguments(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options of this benchmark, and the words that are left for the harness."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--part", action="append", choices=(*PARTS, ENDURANCE))
    parser.add_argument("--endurance-s", type=float)
    own, rest = parser.parse_known_args(words)
    parser.add_argument("--json", type=Path)
    own.json = parser.parse_known_args(words)[0].json
    return own, rest


if __name__ == "__main__":
    own, sys.argv[1:] = own_arguments(sys.argv[1:])
    chosen = own.part or [*PARTS, ENDURANCE]
    measure = measure_with(chosen, own.endurance_s, own.json)
    sys.exit(main(NAME, __doc__, measure, block_s=(10.0, 3.0), repetitions=(2, 1)))
