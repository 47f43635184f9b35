"""Rows of the fault matrix that the pure command path decides, with injected time and random phases."""

import numpy as np
import pytest
from dexora_core.chunk import ChunkStamps
from dexora_core.coupling import GroupMode
from dexora_core.faults import Level, make_fault
from dexora_core.stages import Clearance
from path_cases import CONTRACT, HOME, MS, NAMES, TICK, Loop, sway


class Case:
    """A robot that the policy sways, a fault, and what the path made of it."""

    def __init__(self, record, **changes):
        self.record = record
        self.loop = Loop(**changes)
        self.loop.tick(2)
        assert self.loop.path.acquire(self.loop.now, "policy", "policy_node").granted
        self.loop.tick(100 + int(record.rng.integers(0, 37)), policy=sway)
        assert self.loop.codes() == []
        self.fault_ns = self.loop.now

    def until(self, code, limit_ticks=200, **sources):
        """Tick until a fault is told; note when."""
        for _ in range(limit_ticks):
            self.loop.tick(**(sources or {"policy": sway}))
            if code in self.loop.codes():
                break
        assert code in self.loop.codes(), self.loop.codes()
        self.detected_ms = (self.loop.now - self.fault_ns) / MS
        return self.loop.last

    def done(self, code="", **sources):
        """Let the robot come to rest if it must, and note what was measured."""
        level = self.loop.last.safety.level
        rest_ms = None
        if level >= Level.SOFT_STOP:
            worst = self.loop.last.safety.faults[0].code
            assert code == worst, f"stopped for {worst}, not for {code or 'nothing'}"
            while self.loop.last.is_moving:
                self.loop.tick(**sources)
            rest_ms = (self.loop.now - self.fault_ns) / MS
            assert rest_ms - self.detected_ms <= 300.0
        self.record.measured(self.detected_ms, rest_ms, code, level.label)

    def seen_now(self, code=""):
        """Note a reaction at the message itself."""
        self.detected_ms = 0.0
        self.done(code)


def joints(case, change, count=1):
    """Send joint states of all joints that `change` has altered, in the place of good ones."""
    loop = case.loop
    loop.silent = set(CONTRACT.group_names)
    for _ in range(count):
        measured = np.zeros(len(NAMES))
        for group, index in loop.path.limits.groups.items():
            measured[index] = loop.receivers[group].state_at(loop.now)[0]
        names, positions = change(list(NAMES), measured)
        loop.path.joint_state(loop.now, names, positions, loop.now + 1)
        loop.tick(policy=sway)
    loop.silent = set()


@pytest.mark.row(1)
def test_row_1_camera_drops_out(record):
    case = Case(record)
    old = case.loop.now - 200 * MS
    stamps = ChunkStamps(old, old + 30 * MS, case.loop.now - 40 * MS, case.loop.now - 30 * MS, case.loop.now)
    assert case.loop.chunk("policy", sway, stamps=stamps).code == "DX-FRS-006"
    case.until("DX-FRS-006")
    assert case.loop.last.safety.level is Level.DEGRADE
    case.done("DX-FRS-006")


@pytest.mark.row(3)
def test_row_3_camera_frozen(record):
    case = Case(record)
    old = case.loop.now - 600 * MS
    stamps = ChunkStamps(old, old + 30 * MS, case.loop.now - 40 * MS, case.loop.now - 30 * MS, case.loop.now)
    assert case.loop.chunk("policy", sway, stamps=stamps).code == "DX-FRS-007"
    case.until("DX-FRS-007")
    case.done("DX-FRS-007")


@pytest.mark.row(9)
def test_row_9_joint_states_hold_nan(record):
    case = Case(record)
    worst = int(record.rng.integers(0, len(NAMES)))

    def corrupt(names, positions):
        positions[worst] = record.rng.choice([np.nan, np.inf, -np.inf])
        return names, positions

    joints(case, corrupt)
    assert case.loop.codes()[0] == "DX-FRS-003"
    assert case.loop.last.safety.level is Level.NOTE
    joints(case, corrupt, 2)
    case.fault_ns = case.loop.now - 10 * MS  # the third one
    assert "DX-FRS-004" in case.loop.codes()
    case.detected_ms = 10.0
    case.done("DX-FRS-004")


@pytest.mark.row(10)
@pytest.mark.parametrize("kind", ["missing", "extra", "reordered"])
def test_row_10_joint_names_do_not_fit(record, kind):
    case = Case(record)
    order = record.rng.permutation(len(NAMES))
    changes = {
        "missing": lambda names, q: (names[:-1], q[:-1]),
        "extra": lambda names, q: ([*names, "tail_joint_1"], np.append(q, 0.0)),
        "reordered": lambda names, q: ([names[k] for k in order], q[order]),
    }
    joints(case, changes[kind])
    if kind == "reordered":
        assert case.loop.codes() == []
        return
    case.detected_ms = (case.loop.now - case.fault_ns) / MS
    assert case.loop.codes()[0] == "DX-FRS-005"
    case.done("DX-FRS-005")


@pytest.mark.row(11)
def test_row_11_encoder_jumps(record):
    case = Case(record)
    worst = int(record.rng.integers(0, len(NAMES)))

    def jump(names, positions):
        positions[worst] += 0.5 * record.rng.choice([-1.0, 1.0])
        return names, positions

    joints(case, jump)
    case.detected_ms = (case.loop.now - case.fault_ns) / MS
    assert case.loop.codes()[0] == "DX-GAT-012"
    assert case.loop.last.safety.level is Level.LATCHED_HOLD
    case.done("DX-GAT-012")


@pytest.mark.row(15)
def test_row_15_inference_stalls(record):
    case = Case(record)
    late_ms = int(record.rng.integers(1700, 3000))
    assert case.loop.chunk("policy", sway, delay=late_ms * MS).code in {"DX-CHK-005", "DX-CHK-006"}
    case.loop.tick(policy=sway)
    assert case.loop.last.is_moving
    case.seen_now("DX-CHK-006")


@pytest.mark.row(16)
def test_row_16_inference_slower_than_its_horizon(record):
    case = Case(record)
    loop = case.loop
    while loop.path.timeline.buffered_ns(loop.now) >= 200 * MS:
        case.fault_ns = loop.now + 10 * MS
        loop.path.supervision.heard(loop.now, "policy", loop.now)
        loop.tick()
    case.until("DX-FRS-011", 3, teleop=None)
    case.done("DX-FRS-011")


@pytest.mark.row(17)
def test_row_17_nan_in_one_action(record):
    case = Case(record)

    def broken(time_s):
        wanted = sway(time_s)
        wanted[record.rng.integers(0, len(NAMES))] = np.nan
        return wanted

    assert case.loop.chunk("policy", broken).code == "DX-CHK-001"
    case.loop.tick(policy=sway)
    assert case.loop.last.safety.level is Level.NOTE
    assert case.loop.last.is_moving
    assert case.loop.chunk("policy", broken).code == "DX-CHK-001"
    case.fault_ns = case.loop.now
    assert case.loop.chunk("policy", broken).code == "DX-CHK-001"
    case.until("DX-CHK-002", 1)
    assert case.loop.last.safety.level is Level.LATCHED_HOLD
    case.done("DX-CHK-002")


@pytest.mark.row(18)
def test_row_18_action_outside_a_position_limit(record):
    case = Case(record)
    joint = int(record.rng.integers(0, len(NAMES)))
    beyond = sway(0.0)
    beyond[joint] = CONTRACT.upper_rad[joint] + np.deg2rad(3.0)
    for _ in range(200):
        case.loop.tick(policy=lambda _: beyond)
        assert (case.loop.last.state[0] <= CONTRACT.upper_rad + 1e-9).all()
    assert case.loop.path.status(case.loop.now).clamps.get("position", 0) > 0
    beyond[joint] = CONTRACT.upper_rad[joint] + np.deg2rad(6.0)
    assert case.loop.chunk("policy", lambda _: beyond).code == "DX-CHK-009"
    case.seen_now("DX-CHK-009")


@pytest.mark.row(19)
@pytest.mark.parametrize("kind", ["step", "ramp", "chirp"])
def test_row_19_steps_stay_inside_the_limits(record, kind):
    case = Case(record)
    loop, limits, size = case.loop, case.loop.path.limits, float(record.rng.uniform(0.1, 0.4))
    begin = loop.now * 1e-9
    wanted = HOME + np.sign((limits.upper + limits.lower) / 2 - HOME) * size
    room = np.clip(wanted, limits.lower, limits.upper) - HOME
    motions = {
        "step": lambda t: HOME + room * ((t - begin) > 0.3),
        "ramp": lambda t: HOME + room * np.clip((t - begin) * 20.0, 0.0, 1.0),
        "chirp": lambda t: HOME + room * (1 - np.cos(20.0 * (t - begin) ** 2)) / 2,
    }
    for _ in range(150):
        before = loop.last.state
        state = loop.tick(policy=motions[kind]).state
        assert (np.abs(state[1]) <= limits.velocity * 1.0001).all()
        assert (np.abs(state[2]) <= limits.acceleration * 1.0001).all()
        assert (np.abs(state[2] - before[2]) <= limits.jerk * 0.0101).all()
    assert any(loop.path.status(loop.now).clamps.values())
    case.seen_now("" if loop.last.safety.level < Level.SOFT_STOP else loop.codes()[0])


@pytest.mark.row(20)
def test_row_20_discontinuous_chunk(record):
    case = Case(record)
    loop, limits = case.loop, case.loop.path.limits
    offset = record.rng.uniform(0.05, 0.3) * np.sign((limits.upper + limits.lower) / 2 - HOME)
    loop.chunk("policy", lambda t: sway(t) + offset)
    for _ in range(60):
        before = loop.last.state
        state = loop.tick().state
        assert (np.abs(state[1]) <= limits.velocity * 1.0001).all()
        assert (np.abs(state[2] - before[2]) <= limits.jerk * 0.0101).all()
        loop.path.supervision.heard(loop.now, "policy", loop.now)
    case.seen_now("DX-CHK-012")


@pytest.mark.row(21)
def test_row_21_chunk_repeated_late_or_out_of_order(record):
    case = Case(record)
    loop = case.loop
    assert loop.chunk("policy", sway, sequence=loop.sequence).code == "DX-CHK-005"
    assert loop.chunk("policy", sway, sequence=loop.sequence + 5, delay=5000 * MS).code in {
        "DX-CHK-005",
        "DX-CHK-006",
    }
    loop.tick(policy=sway)
    assert loop.last.is_moving
    assert sum(loop.path.status(loop.now).discards.values()) == 2
    case.seen_now("DX-CHK-005")


@pytest.mark.row(22)
def test_row_22_chunk_computed_before_a_reset(record):
    case = Case(record)
    old = case.loop.path.arbiter.epoch
    case.loop.path.release(case.loop.now, "policy", "policy_node")
    case.loop.path.acquire(case.loop.now, "policy", "policy_node")
    assert case.loop.chunk("policy", sway, epoch=old).code == "DX-CHK-007"
    case.seen_now("DX-CHK-007")


@pytest.mark.row(23)
@pytest.mark.parametrize("count", [35, 39, 40])
def test_row_23_wrong_number_of_joints(record, count):
    case = Case(record)
    names = (list(NAMES) + [f"extra_{k}" for k in range(9)])[:count]
    fault = case.loop.chunk("policy", lambda t: np.resize(sway(t), count), joint_names=names)
    assert fault.code == "DX-CHK-003"
    assert "left_arm_joint_1" in fault.sentence
    case.seen_now("DX-CHK-003")


@pytest.mark.row(24)
@pytest.mark.parametrize("kind", ["degrees", "sides"])
def test_row_24_degrees_or_exchanged_sides(record, kind):
    case = Case(record)
    swap = np.concatenate(
        [CONTRACT.group_indices(g) for g in ("right_arm", "left_arm", "right_hand", "left_hand")]
    )
    motion = (lambda t: np.rad2deg(sway(t))) if kind == "degrees" else (lambda t: sway(t)[swap])
    fault = case.loop.chunk("policy", motion)
    assert fault.code in {"DX-CHK-010", "DX-CHK-009"}
    if fault.code == "DX-CHK-010":
        case.until("DX-CHK-010", 1)
        assert case.loop.last.safety.level is Level.HOLD
        case.done("DX-CHK-010")
    else:
        case.seen_now(fault.code)


@pytest.mark.row(29)
def test_row_29_controller_inactive(record):
    case = Case(record)
    case.loop.conditions = (make_fault("DX-GRP-004", case.loop.now, "right_arm"),)
    case.until("DX-GRP-004", 1)
    case.done("DX-GRP-004")


@pytest.mark.row(31)
@pytest.mark.parametrize("hand", ["left_hand", "right_hand"])
def test_row_31_driver_of_a_hand_dies(record, hand):
    case = Case(record)
    other = "right_hand" if hand == "left_hand" else "left_hand"
    case.loop.silent = {hand}
    case.until("DX-FRS-002")
    detected_ms = case.detected_ms
    case.until("DX-GRP-001")
    modes = case.loop.last.modes
    assert modes[hand] is GroupMode.FROZEN
    assert modes[other] is GroupMode.GRIP
    assert modes["left_arm"] is modes["right_arm"] is GroupMode.STOP
    case.detected_ms = detected_ms
    case.done("DX-FRS-002")


@pytest.mark.row(32)
def test_row_32_one_arm_faults_both_stop(record):
    case = Case(record)
    case.loop.conditions = (make_fault("DX-GRP-002", case.loop.now, "left_arm", detail="overload"),)
    case.until("DX-GRP-002", 1)
    assert case.loop.last.modes["right_arm"] is GroupMode.STOP
    case.done("DX-GRP-002")


@pytest.mark.row(46)
def test_row_46_teleoperation_takes_over(record):
    case = Case(record)
    loop = case.loop
    grant = loop.path.acquire(loop.now, "teleop", "glove")
    assert grant.granted
    assert loop.chunk("policy", sway).code == "DX-CHK-008"
    target = loop.last.state[0].copy()
    loop.tick(teleop=lambda _: target)
    assert loop.last.owner == "teleop"
    assert loop.path.acquire(loop.now, "policy", "policy_node").fault.code == "DX-ARB-001"
    case.detected_ms = 10.0
    case.done("DX-CHK-008")


@pytest.mark.row(47)
def test_row_47_second_teleoperation_device_is_refused(record):
    case = Case(record)
    assert case.loop.path.acquire(case.loop.now, "teleop", "glove").granted
    assert case.loop.path.acquire(case.loop.now, "teleop", "headset").fault.code == "DX-ARB-002"
    case.seen_now("DX-ARB-002")


@pytest.mark.row(48)
def test_row_48_teleoperation_disconnects(record):
    case = Case(record)
    loop = case.loop
    assert loop.path.acquire(loop.now, "teleop", "glove").granted
    loop.tick(40 + int(record.rng.integers(0, 20)), teleop=sway)
    assert loop.last.is_moving
    case.fault_ns = loop.now
    case.until("DX-FRS-013", 30, teleop=None)
    case.done("DX-FRS-013")


@pytest.mark.row(49)
@pytest.mark.parametrize("kind", ["released", "silent"])
def test_row_49_deadman_released(record, kind):
    case = Case(record, needs_deadman=True)
    loop, deadman = case.loop, case.loop.path.supervision.deadman
    assert loop.path.acquire(loop.now, "teleop", "glove").fault.code == "DX-ARB-003"
    deadman.update(loop.now, False)
    deadman.update(loop.now, True)
    assert loop.path.acquire(loop.now, "teleop", "glove").granted
    for _ in range(50):
        deadman.update(loop.now, True)
        loop.tick(teleop=sway)
    case.fault_ns = loop.now
    if kind == "released":
        deadman.update(loop.now, False)
    case.until("DX-FRS-014" if kind == "released" else "DX-FRS-015", 10, teleop=sway)
    case.done("DX-FRS-014" if kind == "released" else "DX-FRS-015")


@pytest.mark.row(51)
def test_row_51_tracking_device_jumps(record):
    case = Case(record)
    loop, limits = case.loop, case.loop.path.limits
    assert loop.path.acquire(loop.now, "teleop", "glove").granted
    loop.tick(40, teleop=sway)
    middle = (limits.upper + limits.lower) / 2
    side = [sway, lambda t: sway(t) + np.clip(middle - HOME, -0.8, 0.8)]
    for k in range(60):
        before = loop.last.state
        state = loop.tick(teleop=side[(k // 10) % 2]).state
        assert (np.abs(state[1]) <= limits.velocity * 1.0001).all()
        assert (np.abs(state[2] - before[2]) <= limits.jerk * 0.0101).all()
        if k % 10 == 0:
            case.fault_ns = loop.now - 10 * MS  # the newest jump
        if "DX-CHK-016" in loop.codes():
            break
    assert k > 15
    case.until("DX-CHK-016", 1, teleop=sway)
    case.detected_ms = 10.0
    case.done("DX-CHK-016")


@pytest.mark.row(54)
def test_row_54_collision_ahead(record):
    case = Case(record)
    loop = case.loop
    loop.path.clearance(loop.now, Clearance(loop.now, 0.018, 0.016, "left_arm_link_5, right_arm_link_5"))
    loop.tick(policy=sway)
    assert "DX-GAT-008" in [fault.code for fault in loop.last.verdict.faults]
    case.fault_ns = loop.now
    for _ in range(3):
        loop.path.clearance(loop.now, Clearance(loop.now, 0.009, 0.008, "left_arm_link_5, right_arm_link_5"))
        loop.tick(policy=sway)
        if "DX-GAT-009" in loop.codes():
            break
    case.detected_ms = (loop.now - case.fault_ns) / MS
    assert "DX-GAT-009" in loop.codes()
    case.done("DX-GAT-009")


@pytest.mark.row(70)
def test_row_70_late_ticks(record):
    case = Case(record)
    case.loop.lateness = 16 * MS
    case.until("DX-CMD-001", 2)
    assert case.loop.last.safety.level is Level.DEGRADE
    case.until("DX-CMD-002", 10)
    case.done("DX-CMD-002")


@pytest.mark.row(50)
def test_row_50_deadman_stuck_pressed(record):
    loop = Loop(needs_deadman=True)
    for _ in range(20):
        loop.path.supervision.deadman.update(loop.now, True)
        loop.tick()
    refused = loop.path.acquire(loop.now, "teleop", "teleop_node")
    assert not refused.granted
    assert "DX-FRS-016" in refused.fault.sentence
    record.measured(0.0, None, "DX-FRS-016", "refused")


@pytest.mark.row(50)
def test_row_50_deadman_stuck_in_motion(record):
    half_an_hour = 30 * 60 * 1000 * MS
    loop = Loop(needs_deadman=True)
    deadman = loop.path.supervision.deadman
    deadman.update(loop.now - half_an_hour + int(record.rng.integers(900, 1100)) * MS, False)
    deadman.update(loop.now, True)
    assert loop.path.acquire(loop.now, "teleop", "teleop_node").granted
    for _ in range(200):
        deadman.update(loop.now + TICK, True)
        loop.tick(teleop=sway)
        if "DX-FRS-016" in loop.codes():
            break
    assert loop.last.safety.level is Level.SOFT_STOP
    since = loop.now
    while loop.last.is_moving:
        deadman.update(loop.now + TICK, True)
        loop.tick()
    record.measured(0.0, (loop.now - since) / MS, "DX-FRS-016", "L2")
