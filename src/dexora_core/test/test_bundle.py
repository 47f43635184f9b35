"""Bundles: what is written is read back; whatever is wrong is refused by code and in words (rows 57-59)."""

import importlib.metadata
import json
import random
import re

import numpy as np
import pytest
from bundle_cases import FILES, contract, edit, fields, write
from dexora_core.bundle import (
    BundleError,
    check_bundle,
    check_runtime,
    load_bundle,
    make_statistics,
    parse_manifest,
    write_bundle,
)
from dexora_core.faults import SPECS


@pytest.fixture
def bundle(tmp_path):
    return write(tmp_path / "nano")


def refused(code, action, *words):
    with pytest.raises(BundleError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message
    assert caught.value.message.endswith(SPECS[code].remedy)


def test_written_bundle_reads_back_as_it_was(bundle):
    read = load_bundle(bundle.path)
    assert read == bundle
    assert read.manifest == parse_manifest(read.manifest.to_json())
    assert re.fullmatch(r"nano-[0-9a-f]{12}", read.bundle_id)
    assert {name: read.file(name).read_bytes() for name in FILES} == FILES
    assert read.has("policy.onnx")
    check_bundle(read, contract())


def test_copied_files_equal_their_sources(tmp_path):
    source = tmp_path / "policy.bin"
    source.write_bytes(b"x" * 3_000_000)
    written = write_bundle(tmp_path / "b", fields(), {"policy.onnx": source})
    assert load_bundle(written.path).file("policy.onnx").read_bytes() == source.read_bytes()


def test_file_not_listed_is_refused_with_what_there_is(bundle):
    assert not bundle.has("context.onnx")
    refused("DX-BND-005", lambda: bundle.file("context.onnx"), "policy.onnx, encoder.onnx")


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.sha256"])
def test_flipped_byte_is_refused_at_every_offset_tried(bundle, name):
    file = bundle.path / name
    good = file.read_bytes()
    draw = random.Random(58)
    offsets = [draw.randrange(len(good)) for _ in range(100)]
    for offset in offsets:
        bad = bytearray(good)
        bad[offset] ^= 1 << draw.randrange(8)
        file.write_bytes(bad)
        with pytest.raises(BundleError) as caught:
            load_bundle(bundle.path)
        assert caught.value.code == "DX-BND-007"
    file.write_bytes(good)
    load_bundle(bundle.path)


def test_truncated_lengthened_and_missing_files_are_refused(bundle):
    file = bundle.path / "policy.onnx"
    content = file.read_bytes()
    for wrong in (content[:-1], content + b"\0", b""):
        file.write_bytes(wrong)
        refused("DX-BND-006", lambda: load_bundle(bundle.path, verify=False), f"({len(wrong)} bytes")
    file.unlink()
    refused("DX-BND-005", lambda: load_bundle(bundle.path), "policy.onnx")


def test_missing_directory_manifest_and_hash_are_refused(bundle, tmp_path):
    refused("DX-BND-001", lambda: load_bundle(tmp_path / "nowhere"), "is no directory")
    (bundle.path / "manifest.sha256").unlink()
    refused("DX-BND-005", lambda: load_bundle(bundle.path), "manifest.sha256")
    (bundle.path / "manifest.json").unlink()
    refused("DX-BND-005", lambda: load_bundle(bundle.path), "manifest.json")


def test_unlisted_file_folder_and_link_are_refused(bundle, tmp_path):
    extra = bundle.path / "weights.pkl"
    extra.write_bytes(b"cos\nsystem\n")
    refused("DX-BND-008", lambda: load_bundle(bundle.path, verify=False), "'weights.pkl'")
    extra.unlink()
    extra.mkdir()
    refused("DX-BND-008", lambda: load_bundle(bundle.path), "'weights.pkl'")
    extra.rmdir()
    outside = tmp_path / "policy.onnx"
    (bundle.path / "policy.onnx").rename(outside)
    (bundle.path / "policy.onnx").symlink_to(outside)
    refused("DX-BND-004", lambda: load_bundle(bundle.path), "'policy.onnx', a link")


@pytest.mark.parametrize(
    "name",
    [
        "../policy.onnx",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "",
        ".hidden",
        "a\\b",
        "a\nb",
        "manifest.json",
        "x" * 101,
    ],
)
def test_file_name_that_may_leave_the_directory_is_refused(bundle, name):
    edit(bundle.path, lambda content: content["files"].update({name: content["files"]["policy.onnx"]}))
    refused("DX-BND-004", lambda: load_bundle(bundle.path), repr(name))


def test_newer_schema_is_refused_before_its_unknown_keys(bundle):
    edit(bundle.path, lambda content: content.update(schema=2, new_key=1))
    refused("DX-BND-003", lambda: load_bundle(bundle.path), "schema 2", "up to 1")


@pytest.mark.parametrize(("steps", "hz"), [(None, 20.0), (4, 5.0)])
def test_bundle_says_how_often_its_policy_is_asked_and_an_old_one_at_every_step(bundle, steps, hz):
    edit(bundle.path, lambda c: c.pop("n_action_steps") if steps is None else c.update(n_action_steps=steps))
    assert load_bundle(bundle.path).manifest.replan_hz == pytest.approx(hz)


@pytest.mark.parametrize("scale", [None, 0.0, 0.4])
def test_bundle_says_how_large_the_noise_is_that_it_starts_from(bundle, scale):
    edit(bundle.path, lambda c: c.pop("noise_scale", None) if scale is None else c.update(noise_scale=scale))
    assert load_bundle(bundle.path).manifest.noise_scale == (1.0 if scale is None else scale)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(stepps=2), "'stepps' (did you mean 'steps'?)"),
        (lambda c: c.pop("steps"), "missing steps"),
        (lambda c: c.update(steps=2.5), "steps is 2.5; it must be a whole number"),
        (lambda c: c.update(steps=True), "steps is True"),
        (lambda c: c.update(schedule=[0.0]), "schedule has 1 times for 2 steps"),
        (lambda c: c.update(schedule=[0.0, float("nan")]), "every number must be finite"),
        (lambda c: c.update(step_dt_s=10**400), "it is no JSON text"),
        (lambda c: c.update(head="ddpm"), "allowed are mip, flow, sample, v, epsilon"),
        (lambda c: c.update(precision="int4"), "allowed are fp32, fp16, bf16, int8"),
        (lambda c: c.update(max_prefix_steps=16), "must be below horizon 16"),
        (lambda c: c.update(n_action_steps=16), "n_action_steps 16 must be below horizon 16"),
        (lambda c: c.update(n_action_steps=0), "at least 1"),
        (lambda c: c.update(n_action_steps=None), "n_action_steps is"),
        (lambda c: c.update(noise_scale=1.1), "noise_scale is 1.1; it must be at least 0 and at most 1"),
        (lambda c: c.update(noise_scale=float("nan")), "noise_scale"),
        (lambda c: c.update(name="../x"), "name is '../x'"),
        (lambda c: c.update(created="yesterday"), "created is 'yesterday'"),
        (lambda c: c.update(parent="abc"), "parent is 'abc'"),
        (lambda c: c.update(views=[]), "views is empty"),
        (lambda c: c.update(views=["top", "top"]), "views names top twice"),
        (lambda c: c.update(files={}), "a bundle has at least one file"),
        (lambda c: c["files"]["policy.onnx"].update(sha256="0"), "files.policy.onnx.sha256"),
        (lambda c: c["files"]["policy.onnx"].update(bytes=-1), "at least 0"),
        (lambda c: c["language"].update(known_instructions=["a\nb"]), "on one line"),
        (lambda c: c.update(requires={"onnxruntime": "latest"}), "onnxruntime is 'latest'"),
        (lambda c: c.update(requires=[]), "requires must map"),
        (lambda c: c["statistics"].update(action_p01="x"), "must be a list of numbers"),
    ],
)
def test_malformed_manifest_is_refused_with_place_and_bound(bundle, change, words):
    edit(bundle.path, change)
    refused("DX-BND-002", lambda: load_bundle(bundle.path), words)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1, "a": 2}']
)
def test_text_that_is_no_manifest_is_refused(text):
    refused("DX-BND-002", lambda: parse_manifest(text, "nano"), "nano")


def test_huge_manifest_is_refused_unread(bundle):
    with (bundle.path / "manifest.json").open("ab") as stream:
        stream.truncate(1 << 30)
    refused("DX-BND-002", lambda: load_bundle(bundle.path), "is longer than")


def test_missing_statistics_are_refused(bundle):
    edit(bundle.path, lambda content: content["statistics"].pop("action_p99"))
    refused("DX-BND-009", lambda: load_bundle(bundle.path), "no action_p99 is given")
    edit(bundle.path, lambda content: content.update(statistics=None))
    refused("DX-BND-009", lambda: load_bundle(bundle.path), "'statistics' is absent")
    edit(bundle.path, lambda content: content.pop("statistics"))
    refused("DX-BND-009", lambda: load_bundle(bundle.path), "'statistics' is absent")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_statistics_that_are_not_finite_are_refused_by_joint(bundle, value):
    edit(bundle.path, lambda content: content["statistics"]["state_p99"].__setitem__(3, value))
    refused("DX-BND-010", lambda: load_bundle(bundle.path), f"state_p99 of {contract().joint_names[3]} is")


def test_statistics_of_another_length_or_reversed_are_refused(bundle):
    edit(bundle.path, lambda content: content["statistics"]["action_p01"].__setitem__(0, 2.0))
    refused("DX-BND-010", lambda: load_bundle(bundle.path), "is 2, above its action_p99 1")
    edit(bundle.path, lambda content: content["statistics"]["action_p01"].pop())
    refused("DX-BND-010", lambda: load_bundle(bundle.path), "35 values for 36 joints")


def test_statistics_swapped_for_those_of_another_dataset_are_refused(bundle):
    edit(bundle.path, lambda content: content["statistics"].update(dataset="pour"))
    refused("DX-BND-011", lambda: load_bundle(bundle.path), "are not those it was made with")
    edit(bundle.path, lambda content: content["statistics"]["action_p99"].__setitem__(0, 1.0001))
    refused("DX-BND-011", lambda: load_bundle(bundle.path))


def test_bundle_of_another_robot_joint_order_or_camera_order_is_refused(tmp_path):
    robot = contract()
    swapped = list(robot.joint_names)
    swapped[0], swapped[1] = swapped[1], swapped[0]
    renamed = [*robot.joint_names[:-1], "tail"]
    cases = [
        ("DX-BND-012", {"robot": "aloha"}, f"aloha, this is {robot.name}"),
        (
            "DX-BND-013",
            {"joint_names": swapped},
            f"joint 0 is {swapped[0]} where the contract has {swapped[1]}",
        ),
        ("DX-BND-013", {"joint_names": renamed}, f"missing {robot.joint_names[-1]}; unknown tail"),
        ("DX-BND-014", {"views": list(reversed(robot.views))}, robot.views[0]),
        ("DX-BND-014", {"views": ["nowhere"]}, "nowhere against"),
        ("DX-BND-015", {"contract_hash": "0" * 64}, f"000000000000, now {robot.layout_hash[:12]}"),
    ]
    for number, (code, changes, words) in enumerate(cases):
        made = write(tmp_path / f"b{number}", **changes)
        refused(code, lambda made=made: check_bundle(made, robot), words)


def test_bundle_may_use_some_of_the_cameras_in_their_order(tmp_path):
    robot = contract()
    check_bundle(write(tmp_path / "b", views=list(robot.views[1:])), robot)


def test_missing_or_old_library_is_refused():
    def version_of(name):
        if name == "absent":
            raise importlib.metadata.PackageNotFoundError(name)
        return {"new": "1.20.1", "exact": "1.20", "old": "1.9.9", "candidate": "1.20rc1"}[name]

    check_runtime({"new": ">=1.20", "exact": ">=1.20.0", "candidate": ">=1.20"}, "nano", version_of)
    for name, words in (("old", "old >=1.20; installed is 1.9.9"), ("absent", "installed is none")):
        refused("DX-BND-019", lambda name=name: check_runtime({name: ">=1.20"}, "nano", version_of), words)


def test_writer_refuses_what_the_loader_would_and_leaves_nothing(tmp_path):
    target = tmp_path / "nano"
    cases = [
        ("DX-BND-002", {"steps": 0}, FILES),
        ("DX-BND-004", {}, {"../escape": b""}),
        ("DX-BND-017", {}, {"policy.onnx": tmp_path / "absent"}),
        ("DX-BND-017", {"lineage": [object()]}, FILES),
    ]
    for code, changes, files in cases:
        refused(code, lambda c=changes, f=files: write_bundle(target, fields(**c), f))
        assert list(tmp_path.iterdir()) == []


def test_writer_never_replaces_what_is_there(bundle):
    before = (bundle.path / "manifest.json").read_bytes()
    refused("DX-BND-017", lambda: write(bundle.path, name="other"), "exists already")
    assert (bundle.path / "manifest.json").read_bytes() == before


def test_normalisation_maps_quantiles_to_one_and_back():
    statistics = make_statistics(
        action_p01=[-2.0, 0.5], action_p99=[1.0, 0.5], state_p01=[0.0, 0.0], state_p99=[1.0, 4.0], dataset="d"
    )
    assert statistics.normalise_action([[-2.0, 0.5], [1.0, 0.5]]).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert statistics.normalise_state([0.5, 5.0]).tolist() == [0.0, 1.5]
    actions = np.random.default_rng(0).uniform(-3, 3, (7, 2))
    back = statistics.denormalise_action(statistics.normalise_action(actions))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, actions, atol=1e-6)
    assert statistics.action_half_range_rad.tolist() == [1.5, 0.0005]  # an idle joint has a floor of 1e-3 rad


def test_manifest_is_text_that_a_person_and_sha256sum_can_read(bundle):
    content = json.loads((bundle.path / "manifest.json").read_text())
    assert content["files"]["tokenizer.json"]["bytes"] == 2
    line = (bundle.path / "manifest.sha256").read_text()
    assert line == f"{bundle.manifest_hash}  manifest.json\n"
