"""Rows of the fault matrix that concern the command path: what happens, who sees it by when, what follows."""

from dataclasses import dataclass

REST_MS = 1000.0
"""Longest time to rest where a row has none of its own: whatever happens, the robot does not go on moving."""
RECEIVER_MS = 150.0
"""Longest time from the end of a command node to the rest of the controllers' set-points."""
TICK_MS = 10.0


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        fault: What happens.
        detection: What sees it.
        bound_ms: Longest time from the fault to the start of the reaction [ms]; 0 is at the message itself.
        reaction: What the robot does.
        where: `path` (pure command path, injected time), `processes` (the real nodes on the twin), or both.
        rest_ms: Longest time from the fault to rest [ms], from the speeds of the tests, up to 0.65 rad/s.
        note: Why a bound is not shorter.
    """

    fault: str
    detection: str
    bound_ms: float
    reaction: str
    where: str = "path"
    rest_ms: float = REST_MS
    note: str = ""


ROWS = {
    1: Row("camera drops out", "age of the oldest image behind a chunk", TICK_MS, "no new chunk"),
    3: Row(
        "camera frozen, stamps frozen", "age of the oldest image behind a chunk", TICK_MS, "no new chunk; L2"
    ),
    8: Row("joint states stale", "age on the path's clock", 60.0, "L3", "processes", 250.0),
    9: Row("joint states hold NaN", "finite check", TICK_MS, "discarded; L3 after three"),
    10: Row(
        "joint name missing, extra or reordered", "permutation by name", TICK_MS, "L4; reordered is fine"
    ),
    11: Row("encoder jumps", "jump detector", TICK_MS, "L4"),
    12: Row("joint blocked", "tracking error", 120.0, "L3", "both"),
    13: Row(
        "policy process killed",
        "silence of chunks and heartbeat",
        300.0,
        "at rest and waiting, then L2",
        "processes",
        300.0,
        note="the motion ends before the fault is told: after 150 ms of silence the robot waits, after 300 ms"
        " the policy has lost it",
    ),
    14: Row(
        "policy stalls",
        "silence of chunks and heartbeat",
        300.0,
        "at rest and waiting, then L2",
        "processes",
        300.0,
        note="as row 13; a policy that beats and sends nothing is row 16",
    ),
    15: Row("inference stalls", "late chunks", TICK_MS, "chunk dropped"),
    16: Row("inference slower than its horizon", "buffered motion below 200 ms", TICK_MS, "L2"),
    17: Row("NaN in one action", "finite check of chunks", TICK_MS, "chunk dropped; L4 after three in 10 s"),
    18: Row(
        "action outside a position limit", "position stage", TICK_MS, "held inside; refused beyond 5 degrees"
    ),
    19: Row("step in velocity, acceleration or jerk", "rate stages", TICK_MS, "projected, counted"),
    20: Row("discontinuous chunk", "splice", TICK_MS, "blended inside the limits"),
    21: Row(
        "chunk in the past, repeated or out of order", "sequence and time axis", TICK_MS, "dropped, counted"
    ),
    22: Row("chunk computed before a reset", "lease epoch", TICK_MS, "dropped"),
    23: Row("chunk of 35, 39 or 40 joints", "shape", TICK_MS, "refused, layout named"),
    24: Row("degrees for radians, sides exchanged", "plausibility of chunks", TICK_MS, "L3"),
    25: Row("instruction empty, too long, with control characters", "rules of instructions", 0.0, "refused"),
    26: Row(
        "instruction injects template tokens or orders",
        "rules of instructions",
        0.0,
        "tokens refused; orders are conditions, limits are elsewhere",
    ),
    27: Row("instruction outside the trained set", "list of the bundle", 0.0, "asks for a confirmation"),
    28: Row(
        "controller dies while it executes a goal",
        "its reports, then age",
        100.0,
        "L3; all parts cancelled",
        "processes",
    ),
    29: Row("controller inactive", "its listeners, its reports", 100.0, "L3", "both", 350.0),
    30: Row(
        "commands taken and not executed", "commanded against measured motion", 150.0, "L2", "both", 350.0
    ),
    31: Row(
        "driver of a hand dies",
        "controller's reports, age of the group",
        100.0,
        "L3; other hand grips",
        "both",
    ),
    32: Row("one arm faults", "coupling of groups", TICK_MS, "both arms stop"),
    33: Row(
        "command node killed",
        "watchdog; stop already at the receivers",
        100.0,
        "smooth stop; power off",
        "processes",
        200.0,
        note="set-points rest within 150 ms and the joints trail them by 40 ms; from full speed the stop"
        " itself takes up to 260 ms: 30 ms of lookahead, then v/a + a/j",
    ),
    34: Row("watchdog killed", "age of its heartbeat", 100.0, "L3", "processes", 250.0),
    35: Row(
        "command node and watchdog killed",
        "stop already at the receivers",
        150.0,
        "smooth stop",
        "processes",
        200.0,
        note="as row 33",
    ),
    36: Row(
        "link to the policy or to the robot cut",
        "silence, on both sides",
        150.0,
        "waits, L2; L3; the controllers stop by themselves",
        "processes",
        300.0,
    ),
    37: Row(
        "a peer is missing at the start", "start gate", 5000.0, "refuses to activate, lists it", "processes"
    ),
    38: Row(
        "quality of service does not fit",
        "start gate",
        1000.0,
        "refuses to activate, names it; at run time L0",
        "processes",
    ),
    39: Row("wall clock jumps by an hour", "monotonic ages", TICK_MS, "noted; nothing stops"),
    40: Row("simulated time stops", "steady clock beside /clock", 200.0, "L3", "both"),
    41: Row("topic flooded, oversized message", "budget of rate and size", 100.0, "dropped; L1", "both"),
    42: Row(
        "unknown publisher of chunks",
        "allow list: at the message; graph: 1 s",
        1000.0,
        "dropped; L4",
        "both",
        note="its chunks are dropped from the first one on; what takes time is to learn its name",
    ),
    43: Row(
        "second node of the same name",
        "graph, five times per second",
        1500.0,
        "refuses to activate; L4",
        "processes",
        note="the name of a node reaches one process up to 0.5 s later than another, here the measuring one",
    ),
    44: Row("parameter changed while active", "read-only parameters", 0.0, "refused", "processes"),
    45: Row("parameter out of range or unknown", "descriptors", 0.0, "refused with the range", "path"),
    46: Row("policy and teleoperation both command", "lease and epoch", TICK_MS, "taken over in one tick"),
    47: Row("two teleoperation devices", "lease", TICK_MS, "second refused"),
    48: Row("teleoperation disconnects", "age", 110.0, "L2"),
    49: Row("deadman released", "edge, age", 60.0, "L2"),
    50: Row(
        "deadman stuck pressed",
        "not seen released since the start, or for 30 minutes",
        TICK_MS,
        "control refused; L2",
    ),
    51: Row("tracking device jumps", "rate stages, jumps counted", TICK_MS, "projected; L2 when repeated"),
    52: Row("emergency stop pressed", "enable line", 50.0, "nothing commanded; L5", "processes"),
    53: Row(
        "emergency stop released while chunks stream",
        "latch",
        0.0,
        "stays L4 until reset and lease",
        "processes",
    ),
    54: Row("collision ahead", "distances beside the tick", 20.0, "slow at 0.02 m, stop at 0.01 m", "both"),
    67: Row(
        "exception in a callback",
        "guarded callbacks",
        TICK_MS,
        "latched; stop at the receivers",
        "test_command_node.py",
    ),
    70: Row("the loop does not get the processor", "lateness of ticks", 100.0, "L1, then L2", "both"),
}
