"""Signatures: made and checked with a key pair; without it, or after any change, refused in words."""

import json
import stat

import pytest
from bundle_cases import edit, write
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dexora_core.bundle import SIGNATURE, BundleError, load_bundle
from dexora_engines.signature import check_signature, generate_key, load_trusted_bundle, sign_bundle


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "maker.key", generate_key(tmp_path / "maker.key")


@pytest.fixture
def bundle(tmp_path, keys):
    path = write(tmp_path / "nano").path
    sign_bundle(path, keys[0])
    return path


def refused(action, *words, code="DX-BND-016"):
    with pytest.raises(BundleError) as caught:
        action()
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in caught.value.message


def test_signed_bundle_loads_and_is_accepted_by_its_key(bundle, keys):
    load_bundle(bundle)
    check_signature(bundle, keys[1])


def test_trusted_bundle_is_loaded_and_a_strangers_is_not(bundle, keys, tmp_path):
    assert load_trusted_bundle(bundle, keys[1]) == load_trusted_bundle(bundle, None) == load_bundle(bundle)
    strangers = write(tmp_path / "unsigned").path
    load_trusted_bundle(strangers, None)
    refused(lambda: load_trusted_bundle(strangers, keys[1]), "there is no manifest.sig")


def test_private_key_is_for_its_owner_and_never_overwritten(keys):
    private, public = keys
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PUBLIC KEY" in public.read_bytes()
    before = private.read_bytes()
    refused(lambda: generate_key(private), "cannot be written (File exists)")
    assert private.read_bytes() == before


def test_unsigned_bundle_is_refused_where_a_key_is_asked_for(tmp_path, keys):
    path = write(tmp_path / "plain").path
    refused(lambda: check_signature(path, keys[1]), "there is no manifest.sig")


def test_bundle_of_another_maker_is_refused(bundle, tmp_path):
    refused(
        lambda: check_signature(bundle, generate_key(tmp_path / "other.key")),
        "signed by the key",
        "trusted is",
    )


def test_changed_manifest_with_a_new_hash_is_refused(bundle, keys):
    edit(bundle, lambda content: content.update(name="evil"))
    load_bundle(bundle)  # whoever can write can make the hash fit, but not the signature
    refused(lambda: check_signature(bundle, keys[1]), "does not fit the manifest")


def test_every_flipped_byte_of_the_signature_is_refused(bundle, keys):
    file = bundle / SIGNATURE
    good = file.read_bytes()
    for offset in range(len(good)):
        bad = bytearray(good)
        bad[offset] ^= 1
        file.write_bytes(bad)
        if json_equal(good, bad):
            continue
        refused(lambda: check_signature(bundle, keys[1]))
    file.write_bytes(good)
    check_signature(bundle, keys[1])


def json_equal(good, bad):
    """White space and the case of digits may differ without changing what is said."""
    try:
        said = json.loads(bytes(bad))
        return {key: value.lower() for key, value in said.items()} == json.loads(good)
    except (ValueError, AttributeError):
        return False


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"algorithm": "none"}', b"null"])
def test_malformed_signature_is_refused(bundle, keys, content):
    (bundle / SIGNATURE).write_bytes(content)
    refused(lambda: check_signature(bundle, keys[1]), "manifest.sig is malformed")


def test_unusable_keys_are_refused(bundle, keys, tmp_path):
    private, public = keys
    refused(lambda: check_signature(bundle, tmp_path / "absent.pub"), "absent.pub cannot be read")
    refused(lambda: check_signature(bundle, private), "cannot be read")
    refused(lambda: sign_bundle(bundle, public), "cannot be read")
    other = tmp_path / "curve.pub"
    other.write_bytes(
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    refused(lambda: check_signature(bundle, other), "is no Ed25519PublicKey", "dexora-bundle key")


def test_damaged_bundle_is_not_signed(bundle, keys):
    (bundle / "policy.onnx").write_bytes(b"")
    refused(lambda: sign_bundle(bundle, keys[0]), code="DX-BND-006")
