"""The processes of the robot under test, and a ROS domain that nobody else is in."""

import itertools
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from dexora_ros.transport import transport_environment

REMAPS = ("enable_state:=/twin_node/enable_state", "set_enable:=/twin_node/set_enable")
_RUN = "import sys; from {module} import main; sys.exit(main())"
MODULES = {
    "twin": "dexora_sim.twin_node",
    "command": "dexora_control.command_node",
    "watchdog": "dexora_control.watchdog_node",
    "clearance": "dexora_control.clearance_node",
    "policy": "mock_policy",
    "policy_link": "link",
    "robot_link": "link",
    "flood": "flood",
}
DEFAULTS = {
    "twin": {"task": "none", "camera_rate_hz": 0.0, "truth_rate_hz": 20.0},
    "command": {
        "use_sim_time": True,
        "startup_timeout_s": 60.0,
        "needs_clearance": False,
    },
    "clearance": {},
    "watchdog": {"joint_states_bound_s": 3.0},
    "policy": {},
    "policy_link": {"ends": "policy"},
    "robot_link": {"ends": "robot"},
    "flood": {},
}
# A machine that is busy with other tests stops everything for a while; on a quiet one this is emptied.
PATIENCE = {"command": {"clock_stall_s": 1.0}, "watchdog": {"command_bound_s": 0.3}}
MANAGED = ("twin", "command", "watchdog", "clearance")
DOMAINS = range(1, 100)
_PORTS_OF_DOMAIN_0, _PORTS_PER_DOMAIN, _FIRST_PARTICIPANT, _PARTICIPANTS = 7400, 250, 10, 4
_next_domain = itertools.count(os.getpid())


def free_domain():
    """Return a domain in which no process of this machine is; another one at every call."""
    for _ in DOMAINS:
        domain_id = DOMAINS[next(_next_domain) % len(DOMAINS)]
        first = _PORTS_OF_DOMAIN_0 + _PORTS_PER_DOMAIN * domain_id + _FIRST_PARTICIPANT
        if all(_is_free(first + 2 * index) for index in range(_PARTICIPANTS)):
            return domain_id
    raise AssertionError("every ROS domain of this machine is in use")


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def start_process(kind, domain_id, remaps=(), has_pipes=False, **parameters):
    """Start one of the robot's processes."""
    values = {**DEFAULTS[kind], **PATIENCE.get(kind, {}), **parameters}
    if kind in MANAGED:
        values["autostart"] = True
    arguments = ["--ros-args"]
    for name, value in values.items():
        text = f"'{value}'" if isinstance(value, str) else str(value).lower()
        arguments += ["-p", f"{name}:={text}"]
    for remap in (*REMAPS, *remaps):
        arguments += ["-r", remap]
    environment = {**os.environ, **transport_environment(), "ROS_DOMAIN_ID": str(domain_id)}
    here = str(Path(__file__).parent)
    environment["PYTHONPATH"] = os.pathsep.join([here, *(path for path in sys.path if path)])
    command = [sys.executable, "-c", _RUN.format(module=MODULES[kind]), *arguments]
    pipe = subprocess.PIPE if has_pipes else None
    return subprocess.Popen(command, env=environment, start_new_session=True, stdin=pipe, stdout=pipe)


def end_processes(processes):
    """Ask processes to end, frozen ones too; kill what does not."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
    for process in processes:
        _wait_for(process)


def _wait_for(process):
    try:
        process.wait(timeout=10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
