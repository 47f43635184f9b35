"""Stale shared memory: files of dead processes go, files of living and of just starting ones stay.

A port of a dead process is not used again before everybody knows that it is dead.
"""

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


def newest_s(directory):
    return max(path.stat().st_mtime for path in directory.iterdir())


def remove(directory, after_s=OLD_S):
    now_s = newest_s(directory) + after_s
    return {path.name for path in shared_memory.remove_stale_segments(directory, now_s=now_s)}


def is_free(path):
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def test_everything_of_dead_processes_goes_and_nothing_else(directory):
    remove(directory)
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
    assert remove(directory, 1.0) == set()


def test_dead_port_stays_until_everybody_knows(directory):
    assert PORT not in remove(directory), "found dead just now"
    assert PORT not in remove(directory, 8.0)
    assert PORT in remove(directory, 12.0)


def test_dead_port_that_nobody_can_write_to_goes_at_once(directory):
    (directory / PORT).unlink()
    assert f"{PORT}_el" in remove(directory)


def test_dead_port_of_the_domain_looks_taken_as_long_as_the_context_lasts(directory):
    for path in directory.iterdir():
        os.utime(path, (1.0, 1.0))
    with shared_memory.avoid_dead_ports(directory, domain_id=26):
        assert not is_free(directory / f"{PORT}_el")
        assert is_free(directory / f"{SEGMENT}_el"), "only ports have a number that is used again"
    assert is_free(directory / f"{PORT}_el")


@pytest.mark.parametrize("text", ["27", "", "no number"])
def test_dead_port_of_another_domain_is_left_alone(directory, monkeypatch, text):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)
    for path in directory.iterdir():
        os.utime(path, (1.0, 1.0))
    with shared_memory.avoid_dead_ports(directory):
        assert is_free(directory / f"{PORT}_el")


def test_dead_port_whose_file_is_gone_is_used_again(directory):
    (directory / PORT).unlink()
    os.utime(directory / f"{PORT}_el", (1.0, 1.0))
    with shared_memory.avoid_dead_ports(directory, domain_id=26):
        assert is_free(directory / f"{PORT}_el")


def test_files_of_other_users_stay(directory, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: -1)
    assert remove(directory) == set()


def test_missing_directory_is_no_error(tmp_path):
    assert shared_memory.remove_stale_segments(tmp_path / "absent") == []
