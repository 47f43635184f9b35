"""Pins which system packages are asked for, and the three ways to get them: root, sudo, or a line to type."""

import re

import pytest
from setup_workspace import system_packages
from setup_workspace.errors import SetupError

APT_LIST = """
# a comment
[build]   # why
g++
cmake  # also why
[python]
{python}-dev
"""


@pytest.fixture
def without_egl(machine):
    """A machine on which libegl1 is missing and apt-get records its calls."""
    machine.command(
        "dpkg-query", 'for n in "${@:4}"; do [ $n = libegl1 ] || echo "$n installed"; done; exit 1'
    )
    machine.command("apt-get", 'echo "apt-get $*" >> "$FAKE_CALLS"')
    return machine


def as_user(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)


def as_root(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)


def test_list_is_read_by_section_with_the_name_of_the_interpreter(tmp_path):
    file = tmp_path / "list"
    file.write_text(APT_LIST)
    read = system_packages.read_list(file, "python3.12")
    assert read.of("build") == ("g++", "cmake")
    assert read.of("build", "python", "absent") == ("g++", "cmake", "python3.12-dev")


def test_list_with_a_package_before_any_section_is_refused(tmp_path):
    file = tmp_path / "list"
    file.write_text("g++\n")
    with pytest.raises(SetupError, match=r"list line 1: 'g\+\+' stands before the first"):
        system_packages.read_list(file, "python3.12")


def test_everything_installed_calls_nothing(machine, monkeypatch):
    as_user(monkeypatch)
    machine.set_up()
    assert not any(call.startswith("apt-get") for call in machine.calls)


def test_root_installs_what_is_missing_and_only_that(without_egl, monkeypatch):
    as_root(monkeypatch)
    without_egl.set_up()
    assert re.match(r"apt-get .* update$", without_egl.calls[0])
    assert without_egl.calls[1].endswith("install -y --no-install-recommends libegl1")


def test_installed_packages_are_not_looked_up_again(without_egl, monkeypatch):
    as_root(monkeypatch)
    without_egl.set_up()
    without_egl.forget()
    without_egl.command("dpkg-query", 'echo dpkg-query >> "$FAKE_CALLS"')
    without_egl.set_up()
    assert without_egl.calls == []


def test_robot_needs_no_rendering(without_egl, monkeypatch):
    as_user(monkeypatch)
    without_egl.set_up("robot")
    assert not any(call.startswith("apt-get") for call in without_egl.calls)


def test_sudo_that_asks_nothing_is_used(without_egl, monkeypatch):
    as_user(monkeypatch)
    without_egl.command("sudo", '[ "$1" = -n ] && shift; "$@"')
    without_egl.command("true")
    without_egl.set_up()
    assert without_egl.calls[1].endswith("install -y --no-install-recommends libegl1")


@pytest.mark.parametrize("has_sudo", [True, False])
def test_user_without_rights_gets_the_exact_line(without_egl, monkeypatch, has_sudo):
    as_user(monkeypatch)
    if has_sudo:
        without_egl.command("sudo", "exit 1")
    with pytest.raises(SetupError) as raised:
        without_egl.set_up()
    line = "sudo apt-get install -y --no-install-recommends libegl1"
    assert str(raised.value) == (
        f"System packages are missing and this user may not install them: run '{line}' and start again."
    )
    assert without_egl.calls == []


def test_unreachable_package_server_is_named(without_egl, monkeypatch):
    as_root(monkeypatch)
    without_egl.command("apt-get", "echo 'E: Failed to fetch http://x Temporary failure resolving'; exit 100")
    with pytest.raises(
        SetupError, match=r"libegl1 could not be fetched.*check the network and start again\.$"
    ):
        without_egl.set_up()


def test_failure_of_apt_is_handed_on(without_egl, monkeypatch):
    as_root(monkeypatch)
    without_egl.command("apt-get", "echo 'E: Unable to locate package libegl1'; exit 100")
    with pytest.raises(
        SetupError, match=r"\(E: Unable to locate package libegl1; all output in \.setup/log\)"
    ):
        without_egl.set_up()


def test_other_distribution_needs_only_the_commands(machine, monkeypatch):
    as_user(monkeypatch)
    (machine.home / "bin/dpkg-query").unlink()
    monkeypatch.setattr("setup_workspace.system_packages.has_dpkg", lambda environment: False)
    machine.set_up()
    assert machine.calls[0] == "venv"
