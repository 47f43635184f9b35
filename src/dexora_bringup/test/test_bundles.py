"""Which bundle plays: the one that was named, the shipped one where it can, or none with the reason."""

import json

import pytest
from dexora_bringup.arguments import LaunchArgumentError

from dexora_bringup.bundles import SHIPPED_TASKS, default_bundle, find_bundle, shipped_bundles


@pytest.fixture
def share(tmp_path):
    """Return a share directory with two bundles, and things that are none."""
    for name, robot in (("a_other", "other"), ("b_tiny", "dexora36")):
        folder = tmp_path / "bundles" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"robot": robot}))
    (tmp_path / "bundles" / "empty").mkdir()
    return tmp_path


def test_folders_with_a_manifest_are_shipped_bundles(share):
    assert list(shipped_bundles(share)) == ["a_other", "b_tiny"]


def test_bundle_installed_by_links_is_the_directory_that_they_lead_to(share, tmp_path):
    linked = tmp_path / "install" / "bundles" / "b_tiny"
    linked.mkdir(parents=True)
    (linked / "manifest.json").symlink_to(share / "bundles" / "b_tiny" / "manifest.json")
    assert shipped_bundles(tmp_path / "install") == {"b_tiny": share / "bundles" / "b_tiny"}


def test_copy_without_the_folder_ships_none(tmp_path):
    assert shipped_bundles(tmp_path) == {}


def test_default_is_the_first_bundle_of_the_robot(share):
    shipped = shipped_bundles(share)
    for task in SHIPPED_TASKS:
        assert default_bundle("dexora36", task, shipped) == str(share / "bundles" / "b_tiny")
    assert default_bundle("third", "lift", shipped) == ""


@pytest.mark.parametrize("task", ["none", "open_bottle", "handover"])
def test_task_that_no_shipped_policy_learned_has_no_default(share, task):
    assert default_bundle("dexora36", task, shipped_bundles(share)) == ""


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"robot": 3}'])
def test_manifest_that_cannot_be_read_is_no_default(share, text):
    (share / "bundles" / "b_tiny" / "manifest.json").write_text(text)
    assert default_bundle("dexora36", "lift", shipped_bundles(share)) == ""


def test_bundle_is_a_directory_or_the_name_of_a_shipped_one(share, tmp_path):
    shipped = shipped_bundles(share)
    assert find_bundle("b_tiny", shipped) == str(share / "bundles" / "b_tiny")
    assert find_bundle(str(tmp_path), shipped) == str(tmp_path)


def test_bundle_that_is_neither_is_refused_with_what_there_is(share):
    with pytest.raises(
        LaunchArgumentError, match=r"bundle:=tiny is neither .* shipped \(a_other, b_tiny\); give"
    ):
        find_bundle("tiny", shipped_bundles(share))
    with pytest.raises(
        LaunchArgumentError, match="none: this copy of the suite comes without a trained policy"
    ):
        find_bundle("tiny", {})
