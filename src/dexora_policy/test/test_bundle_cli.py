"""`dexora-bundle`: every verb does its work and says so; what is refused ends with 1 and one sentence."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from bundle_cases import fields, write
from dexora_core.bundle import load_bundle, write_bundle
from dexora_policy.bundle_cli import main


@pytest.fixture
def bundle(tmp_path):
    return write(tmp_path / "nano").path


def run(capsys, *arguments, status=0):
    assert main([str(argument) for argument in arguments]) == status
    out, err = capsys.readouterr()
    return err if status else out


def test_info_shows_what_a_person_asks_for(bundle, capsys):
    shown = run(capsys, "info", bundle)
    assert shown.startswith(f"{load_bundle(bundle).bundle_id} (files not verified)\n")
    for words in ("dexora36, 36 joints", "56 x 56 px", "16 steps of 50 ms", "mip, 2 steps at [0.0, 0.9]"):
        assert words in shown
    for words in (
        "tiny, 8 x 32, 1 known instructions",
        "onnxruntime >=1.20",
        "policy.onnx",
        "0.01 MiB",
        "distilled to 2 steps",
    ):
        assert words in shown
    assert "lift the can" not in shown
    assert "  lift the can\n" in run(capsys, "info", bundle, "--instructions")
    assert re.search(r"noise +none", shown), "two regressions start from none"


def test_verify_checks_files_signature_robot_and_libraries(bundle, capsys, tmp_path):
    assert "is sound: 3 files" in run(capsys, "verify", bundle)
    assert "robot dexora36 and libraries" in run(capsys, "verify", bundle, "--robot", "dexora36")
    run(capsys, "key", tmp_path / "maker.key")
    unsigned = run(capsys, "verify", bundle, "--public-key", tmp_path / "maker.key.pub", status=1)
    assert unsigned.startswith(
        "DX-BND-016: The signature of the bundle nano is refused: there is no manifest.sig"
    )
    assert "is signed by" in run(capsys, "sign", bundle, "--key", tmp_path / "maker.key")
    assert "signature" in run(capsys, "verify", bundle, "--public-key", tmp_path / "maker.key.pub")


def test_damaged_bundle_ends_with_one_sentence(bundle, capsys):
    (bundle / "policy.onnx").write_bytes(b"")
    assert run(capsys, "verify", bundle, status=1).startswith("DX-BND-006: The file policy.onnx (0 bytes")
    assert run(capsys, "verify", bundle, "--robot", "r2d2", status=1)


def test_fetch_says_where_the_bundle_is_and_its_hash(bundle, capsys, tmp_path):
    shown = run(capsys, "fetch", bundle, tmp_path / "copy")
    assert str(tmp_path / "copy") in shown
    assert load_bundle(bundle).manifest_hash in shown
    assert "exists already" in run(capsys, "fetch", bundle, tmp_path / "copy", status=1)


def test_build_without_tensorrt_is_refused_in_words(bundle, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert "DX-BND-005" in run(capsys, "build", bundle, status=1)  # no graph in INT8 for TensorRT
    assert "DX-ENG-002" in run(capsys, "build", bundle, "--precision", "fp32", status=1)


def test_build_leaves_engines_beside_the_bundle(tmp_path, capsys, monkeypatch):
    """On the fakes of the engines' tests."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "dexora_engines/test"))
    machine = import_module("test_tensorrt_backend").Machine(monkeypatch, tmp_path, "11")
    files = {"encoder.onnx": import_module("test_bundled").encoder()}
    path = write_bundle(tmp_path / "bundles" / "other", fields(), files).path
    shown = run(capsys, "build", path, "--precision", "fp32")
    assert shown.startswith("encoder: built for cuda NVIDIA Fake, ")
    (engine,) = (tmp_path / "bundles" / "other.engines").iterdir()
    assert engine.name.startswith("encoder-")
    assert machine.gpu.memory == {}  # everything was given back
    load_bundle(path)


def test_verb_is_required(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "verb" in capsys.readouterr().err
