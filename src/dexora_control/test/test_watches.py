"""Pins small watches of the command node: silent controllers, ages of legs, refused scheduling."""

import gc
import os

import numpy as np
from dexora_control.controller_watch import ControllerWatch
from dexora_control.leg_ages import LegAges
from dexora_core.chunk import ChunkStamps
from dexora_core.contract import load_contract

from dexora_control import realtime
from dexora_description import contract_path

CONTRACT = load_contract(contract_path())
MS = 1_000_000


def test_joints_of_a_silent_controller_are_taken_out_of_the_joint_states():
    watch = ControllerWatch(CONTRACT, 60 * MS)
    names, positions = CONTRACT.joint_names, np.arange(len(CONTRACT.joint_names), dtype=float)
    assert watch.believable(0, names, positions)[0] == names
    for group in CONTRACT.group_names:
        watch.heard(0, group)
    watch.heard(100 * MS, "left_arm")
    kept, values = watch.believable(100 * MS, names, positions)
    assert kept == list(CONTRACT.group_joints("left_arm"))
    assert values.tolist() == CONTRACT.group_indices("left_arm").tolist()
    assert watch.silent(100 * MS) == set(CONTRACT.group_names) - {"left_arm"}
    assert watch.believable(100 * MS, names, positions[:3])[0] == names


def test_controller_that_does_not_listen_is_told():
    watch = ControllerWatch(CONTRACT, 60 * MS)
    assert watch.faults(0) == []
    watch.set_listening(CONTRACT.group_names, ["left_arm", "left_hand", "right_hand"])
    (fault,) = watch.faults(0)
    assert (fault.code, fault.subject) == ("DX-GRP-004", "right_arm")
    watch.set_listening(CONTRACT.group_names, CONTRACT.group_names)
    assert watch.faults(0) == []


def test_controller_that_stops_to_report_is_told():
    watch = ControllerWatch(CONTRACT, 80 * MS)
    assert watch.faults(0) == [], "one that never reported is not watched"
    watch.heard(0, "left_hand")
    assert watch.faults(80 * MS) == []
    (fault,) = watch.faults(81 * MS)
    assert (fault.code, fault.subject) == ("DX-GRP-004", "left_hand")


def test_ages_of_legs_leave_out_links_that_do_not_apply():
    ages = LegAges(window=2)
    for delay in (9, 1, 3):
        stamps = ChunkStamps(joint_state_ns=100 * MS, inference_start_ns=101 * MS, inference_end_ns=110 * MS)
        ages.add((110 + delay) * MS, (111 + delay) * MS, stamps)
    legs = {figures.leg: figures for figures in ages.figures()}
    assert "capture_to_tokens" not in legs
    assert legs["inference_to_arrival"].count == 2
    assert legs["inference_to_arrival"].largest == 0.003
    assert legs["inference"].p50 == 0.009


def test_refused_priority_falls_back_and_says_so(monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", refuse)
    scheduling = realtime.obtain(40, lock_memory=False)
    assert scheduling.label == "SCHED_OTHER"
    assert not scheduling.is_realtime
    assert scheduling.refusals == (
        "SCHED_FIFO 40 was refused (Operation not permitted)",
        "nice -15 was refused (Operation not permitted)",
    )
    monkeypatch.setattr(os, "setpriority", lambda *_arguments: None)
    assert realtime.obtain(40, lock_memory=False).label == "SCHED_OTHER nice -15"
    assert realtime.obtain(0, lock_memory=False).label == "SCHED_OTHER"


def test_garbage_collection_stops_and_comes_back():
    realtime.stop_garbage_collection()
    try:
        assert not gc.isenabled()
        realtime.collect_young()
    finally:
        realtime.give_back()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
