"""Pins what the containers promise, as far as it can be seen without an engine: lint, pins, devices."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_dockerfile_passes_the_linter(file):
    if not HADOLINT.exists():
        pytest.skip("hadolint is not installed")
    ended = subprocess.run([HADOLINT, "--no-color", file], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_base_image_has_an_exact_tag(file):
    bases = re.findall(r"^FROM (\S+)", file.read_text(), re.MULTILINE)
    assert bases
    assert all(re.search(r":(?!latest)[\w.-]*\d?[\w.-]+$", base) for base in bases)


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_image_uses_rosdep_and_colcon_and_nothing_of_the_tools(file):
    text = file.read_text()
    assert "rosdep install --from-paths src" in text
    assert "colcon build" in text
    assert "tools/" not in text


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_image_ends_as_an_ordinary_user(file):
    users = re.findall(r"^USER (\S+)", file.read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_copied_paths_exist(file):
    sources = re.findall(r"^COPY (\S+) ", file.read_text(), re.MULTILINE)
    assert all((DOCKER.parent / source).exists() for source in sources)


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_libraries_asked_for_by_name_are_pinned(file):
    pinned = "".join(path.read_text() for path in (DOCKER.parent / "requirements").glob("*.txt"))
    asked = re.search(r"-c /tmp/pins\.txt(?: \\\n\s+)?\s*([^\"]+)", file.read_text()).group(1).split()
    assert asked
    assert all(re.search(rf"^{name}==", pinned, re.MULTILINE) for name in asked)


def test_every_service_builds_an_existing_dockerfile(compose):
    built = {service["build"]["dockerfile"] for service in compose["services"].values()}
    assert built == {f"docker/{file.name}" for file in DOCKERFILES}


def test_every_service_may_reach_devices_memory_and_priority(compose):
    for service in compose["services"].values():
        assert service["network_mode"] == service["ipc"] == "host"
        assert service["cap_add"] == ["SYS_NICE"]
        assert service["ulimits"] == {"rtprio": 98, "memlock": -1}
        assert {rule.split()[1] for rule in service["device_cgroup_rules"]} == {
            "81:*",
            "166:*",
            "188:*",
            "189:*",
        }
        assert "/dev:/dev" in service["volumes"]


def test_no_service_is_privileged_or_starts_by_itself(compose):
    for service in compose["services"].values():
        assert "privileged" not in service
        assert service["restart"] == "no"


def test_gpu_is_asked_for_only_behind_a_profile(compose):
    with_gpu = {
        name for name, service in compose["services"].items() if "deploy" in service or "runtime" in service
    }
    assert with_gpu == {"desktop", "jetson"}
    assert all(compose["services"][name]["profiles"] for name in with_gpu)
    assert "profiles" not in compose["services"]["ros"]


def test_compose_client_accepts_the_file(tmp_path):
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("the docker client has no compose plug-in")
    command = [
        docker,
        "compose",
        "-f",
        DOCKER / "compose.yaml",
        "--profile",
        "*",
        "config",
        "--format",
        "json",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(json.loads(ended.stdout)["services"]) == {"ros", "desktop", "jetson"}
