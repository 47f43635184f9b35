"""Stale shared memory: files of dead processes go, files of living and of just starting ones stay."""

import fcntl
import os

import pytest

from dexora_ros import shared_memory

SEGMENT = "fastdds_0123456789abcdef"
PORT = "fastdds_port13912"
OLD_S = 60.0


@pytest.fixture
def directory(tmp_path):
    names = [SEGMENT, f"{SEGMENT}_el", PORT, f"{PORT}_el", f"{PORT}_sl", f"sem.{PORT}_mutex"]
    names += ["fastrtps_0123456789abcdef", "fastrtps_0123456789abcdef_el"]
    names += ["lttng-ust-wait-6", "fastdds_notes"]
    for name in names:
        (tmp_path / name).touch()
    return tmp_path


def remove(directory):
    newest_s = max(path.stat().st_mtime for path in directory.iterdir())
    return {path.name for path in shared_memory.remove_stale_segments(directory, now_s=newest_s + OLD_S)}


def test_everything_of_dead_processes_goes_and_nothing_else(directory):
    remove(directory)
    assert sorted(path.name for path in directory.iterdir()) == ["fastdds_notes", "lttng-ust-wait-6"]


def test_files_of_a_living_owner_stay(directory):
    with (directory / f"{SEGMENT}_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        removed = remove(directory)
    assert SEGMENT not in removed
    assert (directory / SEGMENT).exists()


def test_port_with_one_lock_held_stays(directory):
    with (directory / f"{PORT}_sl").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        removed = remove(directory)
    assert {name for name in removed if "port" in name} == set()


def test_files_that_are_just_being_created_stay(directory):
    newest_s = max(path.stat().st_mtime for path in directory.iterdir())
    assert shared_memory.remove_stale_segments(directory, now_s=newest_s + 1.0) == []


def test_files_of_other_users_stay(directory, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: -1)
    assert remove(directory) == set()


def test_missing_directory_is_no_error(tmp_path):
    assert shared_memory.remove_stale_segments(tmp_path / "absent") == []
