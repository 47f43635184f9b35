"""Pins that what the documentation calls by name is found by name in a workspace that was sourced."""

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.system


@pytest.mark.parametrize("verb", ["collect", "check", "stats", "train", "export"])
def test_verbs_of_the_workstation_are_on_the_path(verb):
    program = shutil.which("dexora-train")
    assert program, "dexora-train is not on the path; was the workspace sourced?"
    done = subprocess.run([program, verb, "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
