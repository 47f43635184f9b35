"""Fetching bundles: whole and verified or not there at all, and going on after every kind of interruption."""

import os
import shutil
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from bundle_cases import FILES, edit, fields, write
from bundle_server import serving, serving_hub
from dexora_core.bundle import BundleError, load_bundle, write_bundle
from dexora_core.faults import SPECS
from dexora_policy.bundle_fetch import fetch_bundle

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "source").path


@pytest.fixture
def target(tmp_path):
    return tmp_path / "bundles" / "nano"


def refused(code, action, *words):
    with pytest.raises(BundleError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message
    assert caught.value.message.endswith(SPECS[code].remedy)


def same(bundle, source):
    assert bundle.manifest_hash == load_bundle(source).manifest_hash
    assert sorted(path.name for path in bundle.path.iterdir()) == sorted(
        path.name for path in source.iterdir()
    )
    assert list(bundle.path.parent.iterdir()) == [bundle.path]  # nothing is left beside it


def test_folder_is_fetched_with_its_signature(source, target):
    (source / "manifest.sig").write_text("{}")
    same(fetch_bundle(str(source), target), source)


def test_web_folder_is_fetched_without_one(source, target):
    with serving(source) as (address, behaviour):
        same(fetch_bundle(address, target), source)
    assert ("policy.onnx", "") in behaviour.requests


def test_broken_transfer_is_refused_and_goes_on_where_it_ended(source, target):
    with serving(source) as (address, behaviour):
        behaviour.break_after["policy.onnx"] = 4000
        refused(
            "DX-BND-018", lambda: fetch_bundle(address, target), "policy.onnx ended after 4000 of 10240 bytes"
        )
        assert not target.exists()
        behaviour.requests.clear()
        same(fetch_bundle(address, target), source)
    asked = dict(behaviour.requests)
    assert asked["policy.onnx"] == "bytes=4000-"


def test_files_that_came_before_the_interruption_are_not_fetched_again(source, target):
    with serving(source) as (address, behaviour):
        behaviour.break_after["tokenizer.json"] = 1
        refused("DX-BND-018", lambda: fetch_bundle(address, target), "tokenizer.json ended")
        behaviour.requests.clear()
        same(fetch_bundle(address, target), source)
    assert {name for name, _ in behaviour.requests} == {
        "manifest.json",
        "manifest.sha256",
        "manifest.sig",
        "tokenizer.json",
    }


def test_server_that_ignores_ranges_is_read_from_the_start(source, target):
    with serving(source) as (address, behaviour):
        behaviour.break_after["policy.onnx"] = 4000
        refused("DX-BND-018", lambda: fetch_bundle(address, target))
        behaviour.ignores_ranges = True
        same(fetch_bundle(address, target), source)


def test_file_of_other_content_is_refused_and_fetched_afresh_next_time(source, target):
    with serving(source) as (address, behaviour):
        behaviour.replaced["policy.onnx"] = bytes(len(FILES["policy.onnx"]))
        refused("DX-BND-007", lambda: fetch_bundle(address, target), "policy.onnx")
        behaviour.replaced.clear()
        same(fetch_bundle(address, target), source)


def test_part_of_another_version_does_not_poison_the_next_try(source, target):
    with serving(source) as (address, behaviour):
        behaviour.replaced["policy.onnx"] = bytes(len(FILES["policy.onnx"]))
        behaviour.break_after["policy.onnx"] = 4000
        refused("DX-BND-018", lambda: fetch_bundle(address, target))
        behaviour.replaced.clear()
        refused("DX-BND-007", lambda: fetch_bundle(address, target))
        same(fetch_bundle(address, target), source)


def test_endless_file_is_cut_off(source, target):
    with serving(source) as (address, behaviour):
        behaviour.replaced["policy.onnx"] = bytes(1 << 20)
        refused("DX-BND-006", lambda: fetch_bundle(address, target), "policy.onnx (more than 10240 bytes)")
    assert not target.exists()


def test_hash_may_be_pinned(source, target):
    wanted = load_bundle(source).manifest_hash
    refused(
        "DX-BND-018", lambda: fetch_bundle(str(source), target, sha256="0" * 64), "another bundle than 000000"
    )
    refused("DX-BND-018", lambda: fetch_bundle(str(source), target, sha256="abc"), "'abc' is no SHA-256")
    same(fetch_bundle(str(source), target, sha256=wanted), source)


def test_leftovers_of_another_bundle_are_removed(source, target, tmp_path):
    other = write_bundle(tmp_path / "other", fields(), {"old.onnx": b"old", "policy.onnx": b"older"}).path
    with serving(other) as (address, behaviour):
        behaviour.break_after["policy.onnx"] = 1
        refused("DX-BND-018", lambda: fetch_bundle(address, target))
    same(fetch_bundle(str(source), target), source)


def test_damaged_source_is_refused_by_its_own_code(source, target):
    edit(source, lambda content: content.update(stepps=1))
    refused("DX-BND-002", lambda: fetch_bundle(str(source), target), "'stepps'")
    edit(source, lambda content: content.pop("stepps"))
    edit(source, lambda content: content["files"].update({"../evil": content["files"]["policy.onnx"]}))
    refused("DX-BND-004", lambda: fetch_bundle(str(source), target), "'../evil'")
    assert not (target.parent / "evil").exists()
    (source / "manifest.json").write_text("{}")
    refused("DX-BND-007", lambda: fetch_bundle(str(source), target), "manifest.json")
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://example.org/nano", "is no https address"),
        ("file:///etc", "is no https address"),
        ("ftp://127.0.0.1/nano", "is no https address"),
        ("/no/such/folder", "is no folder, no https address"),
        ("--flag/../x", "is no folder"),
        ("owner/name", "revision '' is no commit of 40 digits"),
    ],
)
def test_sources_that_are_not_safe_or_not_there_are_refused(target, text, words):
    refused("DX-BND-018", lambda: fetch_bundle(text, target), words)


def test_server_that_is_gone_or_empty_is_refused(target, tmp_path):
    refused("DX-BND-018", lambda: fetch_bundle("http://127.0.0.1:9/nano", target))
    with serving(tmp_path) as (address, _):
        refused("DX-BND-018", lambda: fetch_bundle(address, target), "404")


def test_existing_target_is_never_touched(source, target):
    fetch_bundle(str(source), target)
    refused("DX-BND-018", lambda: fetch_bundle(str(source), target), "exists already")


def test_hub_is_asked_for_a_pinned_commit_and_listed_files_only(source, target, monkeypatch):
    asked = []

    def snapshot_download(repository, *, revision, local_dir, allow_patterns):
        asked.append((repository, revision, allow_patterns))
        local_dir.mkdir(exist_ok=True)
        (local_dir / ".cache").mkdir(exist_ok=True)
        for name in allow_patterns:
            if (source / name).is_file():
                shutil.copy(source / name, local_dir)

    install_hub(monkeypatch, snapshot_download)
    (source / "README.md").write_text("a model card")
    bundle = fetch_bundle("owner/name", target, revision=COMMIT)
    (source / "README.md").unlink()
    same(bundle, source)
    assert {(repository, revision) for repository, revision, _ in asked} == {("owner/name", COMMIT)}
    assert "README.md" not in {name for _, _, names in asked for name in names}
    refused(
        "DX-BND-018", lambda: fetch_bundle("owner/name", target / "x", revision="main"), "branch may change"
    )


def test_the_real_client_of_the_hub_fetches_a_pinned_commit(source, target, tmp_path):
    """In a process of its own: the client reads the hub's address when it is imported."""
    (source / "README.md").write_text("a model card")
    with serving_hub(source, COMMIT) as address:
        own = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
        own |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        command = [sys.executable, "-m", "dexora_policy.bundle_cli", "fetch", "owner/name", str(target)]
        ended = subprocess.run(
            [*command, "--revision", COMMIT],
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    (source / "README.md").unlink()
    same(load_bundle(target), source)


def test_hub_that_fails_is_refused(target, monkeypatch):
    def snapshot_download(*_, **__):
        raise LookupError("no such revision")

    install_hub(monkeypatch, snapshot_download)
    refused(
        "DX-BND-018", lambda: fetch_bundle("a/b", target, revision=COMMIT), "LookupError: no such revision"
    )
    install_hub(monkeypatch, lambda *_, **__: None)
    refused("DX-BND-018", lambda: fetch_bundle("a/b", target, revision=COMMIT), "has no manifest.json")


def install_hub(monkeypatch, snapshot_download):
    hub = ModuleType("huggingface_hub")
    hub.snapshot_download = snapshot_download
    errors = dict.fromkeys(("XetDownloadError", "EntryNotFoundError", "RevisionResolutionError"), LookupError)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", SimpleNamespace(**errors))
