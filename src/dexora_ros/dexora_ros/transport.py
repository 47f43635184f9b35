"""The transport of every dexora process: an environment for Fast DDS and the memory allocator.

Launch files merge `transport_environment()` into the environment of what they start; it never overrides what
the user has set. No ROS is imported here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, MutableMapping
from pathlib import Path

PROFILE_PATH = Path(__file__).parent / "profiles" / "fastdds.xml"
UDP_PROFILE_PATH = PROFILE_PATH.with_name("fastdds_udp.xml")
UDP_LOCALHOST_PROFILE_PATH = PROFILE_PATH.with_name("fastdds_udp_localhost.xml")
SHARED_MEMORY_PATH = Path("/dev/shm")  # noqa: S108 - where the operating system keeps shared memory
# What the profile's segment takes per process, lock and port files included.
SHARED_MEMORY_PER_PROCESS_BYTES = 34 * 2**20
# Processes of one robot with the twin, three cameras and a recorder.
PROCESSES_PER_ROBOT = 12

_PROFILE_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
# The name in Fast DDS 2; Fast DDS 3 still takes it, with a warning at every start.
_OLD_PROFILE_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
_PROFILE_VARIABLES = (_PROFILE_VARIABLE, _OLD_PROFILE_VARIABLE)
_DISTRIBUTIONS_WITH_FAST_DDS_2 = ("humble", "jazzy")
_RANGE_VARIABLE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
# What Humble has instead, and later distributions still obey.
_LOCALHOST_VARIABLE = "ROS_LOCALHOST_ONLY"
# The PyPI build of the middleware has no authentication: nodes stay on this host unless told otherwise.
_DISCOVERY = {_RANGE_VARIABLE: "LOCALHOST"}
# Megabyte buffers stay on the heap instead of being mapped, zeroed and unmapped for every message.
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}


def transport_environment(
    user: Mapping[str, str] | None = None, *, shared_memory_free_bytes: int | None = None
) -> dict[str, str]:
    """Return the variables to add to the environment of every dexora process.

    Variables that the user has set are left out, so that the result can be merged blindly. The profile is
    left out too when the shared memory cannot hold a robot's segments: Fast DDS would fail to start.

    Args:
        user: Environment in force; that of this process when left out.
        shared_memory_free_bytes: Free shared memory; asked from the system when left out.
    """
    user = os.environ if user is None else user
    wanted = {**_DISCOVERY, **_ALLOCATOR}
    has_own_profile = any(name in user for name in _PROFILE_VARIABLES)
    if not has_own_profile and not shared_memory_warning(shared_memory_free_bytes):
        wanted |= _profile_variables(str(PROFILE_PATH), user)
    return {name: value for name, value in wanted.items() if name not in user}


def leave_shared_memory(environment: MutableMapping[str, str] | None = None) -> None:
    """Let this process talk by UDP alone, so that it cannot be held up by what a killed process left behind.

    For processes with small messages that must be on time; to be called before the middleware starts. Who is
    bound to this host stays so, by the profile: the middleware's own setting would bring shared memory back.
    A profile of the user's own, static peers and other middlewares stay as they are.

    Args:
        environment: Environment to change; that of this process when left out.
    """
    environment = os.environ if environment is None else environment
    profiles = [environment[name] for name in _PROFILE_VARIABLES if environment.get(name)]
    is_fast_dds = environment.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp").startswith("rmw_fastrtps")
    if not is_fast_dds or environment.get("ROS_STATIC_PEERS") or not all(map(_is_ours, profiles)):
        return
    is_old_local = environment.get(_LOCALHOST_VARIABLE) == "1"
    is_local = is_old_local or environment.get(_RANGE_VARIABLE, "").upper() == "LOCALHOST"
    if is_local:
        environment[_RANGE_VARIABLE] = "SYSTEM_DEFAULT"
    if is_old_local:
        environment[_LOCALHOST_VARIABLE] = "0"
    profile = str(UDP_LOCALHOST_PROFILE_PATH if is_local else UDP_PROFILE_PATH)
    environment.update(_profile_variables(profile, environment))


def _profile_variables(profile: str, environment: Mapping[str, str]) -> dict[str, str]:
    is_old = environment.get("ROS_DISTRO") in _DISTRIBUTIONS_WITH_FAST_DDS_2
    return dict.fromkeys(_PROFILE_VARIABLES if is_old else (_PROFILE_VARIABLE,), profile)


def _is_ours(profile: str) -> bool:
    """Return whether a profile is that of `transport_environment`, or a copy in another checkout."""
    path = Path(profile)
    return path.is_file() and path.read_bytes() == PROFILE_PATH.read_bytes()


def shared_memory_warning(free_bytes: int | None = None) -> str:
    """Return one sentence when too little shared memory is free for the profile, else an empty string.

    Args:
        free_bytes: Free shared memory; asked from the system when left out.
    """
    if free_bytes is None:
        free_bytes = shutil.disk_usage(SHARED_MEMORY_PATH).free if SHARED_MEMORY_PATH.is_dir() else 0
    needed_bytes = SHARED_MEMORY_PER_PROCESS_BYTES * PROCESSES_PER_ROBOT
    if free_bytes >= needed_bytes:
        return ""
    return (
        f"{SHARED_MEMORY_PATH} has {free_bytes // 2**20} MiB free, {needed_bytes // 2**20} MiB are needed "
        "for the transport profile; large messages will be slow or lost. In a container pass "
        "--shm-size=1g, else remount it larger or remove stale files with dexora_ros.shared_memory"
    )
