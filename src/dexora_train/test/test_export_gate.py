"""Pins that INT8 becomes a default only where episodes show that it costs no success, whole or not at all."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dexora_core.bundle import load_bundle, write_bundle
from dexora_core.errors import BundleError, DexoraError
from dexora_train.checkpoint import save_checkpoint
from dexora_train.cli import app
from dexora_train.evaluate import run
from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.intervals import Pairs
from dexora_train.export.gate import FIRST_GATE_SEED, Gate, Verdict
from dexora_train.export.observations import made_up_observations, save_observations
from dexora_train.export.pipeline import Exported
from dexora_train.nano_bundle import nano_checkpoint
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from evaluate_cases import made

SHIPPED = Path(__file__).resolve().parents[2] / "dexora_bringup/bundles/dexora36_compact"
EPISODES = 4


@pytest.fixture(scope="module")
def exported():
    """The policy that ships: an export takes longer than all of these tests."""
    return load_bundle(SHIPPED)


def rewritten(bundle, directory, *, files=(), **fields):
    """Write a bundle again with some of its files or fields changed."""
    manifest = json.loads(bundle.manifest.to_json()) | fields
    del manifest["schema"], manifest["files"]
    kept = {name: bundle.file(name) for name in bundle.manifest.files}
    return write_bundle(directory, manifest, kept | dict(files))


@pytest.fixture
def twin(monkeypatch):
    """Episodes that nobody simulates: INT8 fails on the seeds of `lost`; `most` ends them like a kill."""

    class Twin:
        lost, most, played = (), 1_000, []

        def play(self, _source, settings, task, seed):
            if len(self.played) >= self.most:
                raise KeyboardInterrupt
            self.played.append((settings.precision, task, seed - FIRST_GATE_SEED))
            is_lost = settings.precision == "int8" and seed - FIRST_GATE_SEED in self.lost
            return made(seed, task=task, is_success=not is_lost)

    found = Twin()
    found.played = []
    monkeypatch.setattr(run, "_play", found.play)
    monkeypatch.setattr(run.gl, "choose", lambda: None)
    return found


def quantize(source, out, *more):
    arguments = ["quantize", source, "--out", out, "--episodes", EPISODES, "--workers", 1, "--task", "reach"]
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, *more)])


def test_int8_that_loses_nothing_becomes_the_default(exported, twin, tmp_path):
    told = quantize(exported.path, tmp_path / "out", "--task", "lift")
    assert told.exit_code == 0, told.output
    bundle = load_bundle(tmp_path / "out")
    assert bundle.manifest.precision == "int8"
    assert bundle.manifest.parent == exported.manifest_hash
    assert bundle.bundle_id in told.stdout, "what is printed is what is published"
    assert "INT8 is the default: over 8 pairs" in bundle.manifest.lineage[-1]
    pairs = [(task, seed) for task in ("reach", "lift") for seed in range(EPISODES)]
    assert twin.played == [(precision, *pair) for precision in ("fp32", "int8") for pair in pairs]
    for name in ("policy.onnx", "policy.int8.onnx", "golden.npz"):
        assert bundle.manifest.files[name] == exported.manifest.files[name]


def test_int8_that_loses_stays_out_and_the_bundle_says_why(exported, twin, tmp_path):
    twin.lost = (1, 2)
    told = quantize(exported.path, tmp_path / "out")
    assert told.exit_code == 1
    sentence = (
        "float32 stays the default: over 4 pairs of episodes (reach; seeds 2000000 to 2000003) INT8 lost 2 "
        "that float32 did and won 0, -50.0 points ("
    )
    assert sentence in told.stderr
    bundle = load_bundle(tmp_path / "out")
    assert bundle.manifest.precision == "fp32"
    assert sentence in bundle.manifest.lineage[-1]
    report = bundle.file("parity.md").read_text()
    assert sentence in report
    assert "| reach | 4 | 100.0 % | 50.0 % |" in report
    assert "not gated" not in report
    assert "First: float32. Second: INT8." in report
    gate = json.loads(bundle.file("parity.json").read_text())["gate"]
    assert gate["pairs"] == {"both": 2, "first": 2, "second": 0, "neither": 0}
    assert gate["seeds"] == [2_000_000, 2_000_003]
    assert gate["settings"]["strategy"] == "prefix"
    assert not gate["is_passed"]


def test_gate_that_is_kept_open_lets_int8_lose_so_much(exported, twin, tmp_path):
    twin.lost = (1,)
    assert quantize(exported.path, tmp_path / "out", "--most-points", 25).exit_code == 0
    assert quantize(exported.path, tmp_path / "again", "--most-points", 24.9).exit_code == 1


def test_int8_beyond_its_error_is_not_even_played(exported, twin, tmp_path, monkeypatch):
    monkeypatch.setattr("dexora_train.export.parity.LARGEST_ERROR", 1e-4)
    told = quantize(exported.path, tmp_path / "out")
    assert told.exit_code == 1
    assert not twin.played
    bundle = load_bundle(tmp_path / "out")
    assert bundle.manifest.precision == "fp32"
    assert "int8 has a chunk error of" in bundle.manifest.lineage[-1]
    assert "so no episode was played" in told.stderr


def test_checkpoint_is_exported_once_and_goes_on_where_it_was_stopped(exported, twin, tmp_path, monkeypatch):
    def export(checkpoint, directory, options, observations, progress):
        assert (options.int8, len(observations)) == ("dynamic", 3)
        return Exported(rewritten(exported, directory, lineage=checkpoint.recipe.lineage), None)

    monkeypatch.setattr("dexora_train.export.quantize.export_bundle", export)
    checkpoint = nano_checkpoint("nano")
    save_checkpoint(checkpoint, tmp_path / "checkpoint")
    save_observations(made_up_observations(checkpoint, 3), tmp_path / "seen.npz")
    arguments = (tmp_path / "checkpoint", tmp_path / "out", "--calibration", tmp_path / "seen.npz")
    twin.most = EPISODES + 1
    assert quantize(*arguments).exit_code != 0
    assert not (tmp_path / "out").exists()
    candidate = load_bundle(tmp_path / "out.quantize/candidate")
    twin.most = 1_000
    told = quantize(*arguments)
    assert told.exit_code == 0, told.output
    assert len(twin.played) == len(set(twin.played)) == 2 * EPISODES
    assert load_bundle(tmp_path / "out.quantize/candidate") == candidate
    published = load_bundle(tmp_path / "out")
    assert candidate.bundle_id not in published.file("parity.md").read_text(), (
        "nobody will ever find that one"
    )
    lineage = published.manifest.lineage
    assert lineage[-2].startswith("quantised from checkpoint-")
    assert lineage[-2].endswith(" on seen.npz")
    (tmp_path / "other.npz").write_bytes((tmp_path / "seen.npz").read_bytes())
    (tmp_path / "out").rename(tmp_path / "kept")
    refused = quantize(*arguments[:-1], tmp_path / "other.npz")
    assert "on seen.npz', not 'quantised from" in str(refused.exception)


def test_disk_that_fills_at_the_end_leaves_nothing_behind(exported, twin, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dexora_core.bundle.write._sync", full)
    told = quantize(exported.path, tmp_path / "out")
    assert isinstance(told.exception, BundleError)
    assert "No space left" in str(told.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["out.quantize"]
    monkeypatch.undo()
    assert len(twin.played) == 2 * EPISODES
    assert quantize(exported.path, tmp_path / "out").exit_code == 0, "and nothing is played again"


def test_what_cannot_be_quantised_is_refused_before_anything_is_played(exported, twin, tmp_path):
    (tmp_path / "there").mkdir()
    cases = {
        (exported.path, tmp_path / "there"): "there exists already",
        (exported.path, tmp_path / "a", "--calibration", "seen.npz"): "leave out --calibration",
        (tmp_path / "there", tmp_path / "a"): "give --calibration with a checkpoint",
        (exported.path, tmp_path / "a", "--task", "juggle"): "task 'juggle' is unknown",
    }
    for arguments, message in cases.items():
        told = quantize(*arguments)
        assert isinstance(told.exception, DexoraError)
        assert message in str(told.exception)
    assert not twin.played
    assert not (tmp_path / "a").exists()


def test_bundle_without_int8_is_refused(exported, twin, tmp_path):
    report = json.loads(exported.file("parity.json").read_text())
    report["parity"] = [item for item in report["parity"] if item["variant"] == "fp32"]
    files = {"parity.json": json.dumps(report).encode()}
    bundle = rewritten(exported, tmp_path / "float32", files=files)
    told = quantize(bundle.path, tmp_path / "out")
    assert "has no INT8 graphs for a CPU; give the checkpoint" in str(told.exception)
    assert not twin.played


@pytest.mark.parametrize(("lost", "is_passed"), [(4, True), (5, False)])
def test_bound_itself_is_kept(exported, lost, is_passed):
    gate = Gate(("reach",), episodes=300)
    settings = gate.evaluation(exported, "int8").settings
    verdict = Verdict(gate, None, settings, Pairs(200, lost, 1, 99 - lost))
    assert verdict.is_passed is is_passed
    assert not replace(verdict, pairs=None).is_passed


@pytest.mark.parametrize("change", [{"most_points": -1.0}, {"episodes": 0}, {"tasks": ("reach", "reach")}])
def test_gate_that_asks_nothing_is_refused(change):
    with pytest.raises(EvaluationError, match=r"must be 0 to|at least one episode"):
        Gate(**({"tasks": ("reach",)} | change))
