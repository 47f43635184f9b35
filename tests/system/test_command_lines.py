"""Pins that what the documentation calls by name is found by name in a workspace that was sourced."""

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.system


def test_command_of_the_workstation_is_on_the_path():
    program = shutil.which("dexora-train")
    assert program, "dexora-train is not on the path; was the workspace sourced?"
    done = subprocess.run([program, "dance"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "No such command 'dance'" in done.stderr
