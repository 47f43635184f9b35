"""`dexora-bundle`: look at a bundle, verify it, sign it, fetch one, build its engines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from dexora_core.bundle import Bundle, Manifest, check_bundle, check_runtime, load_bundle
from dexora_core.contract import load_contract
from dexora_core.errors import DexoraError
from dexora_description.paths import contract_path
from dexora_engines.signature import generate_key, load_trusted_bundle, sign_bundle

from dexora_engines import open_graph
from dexora_policy.bundle_fetch import fetch_bundle
from dexora_policy.solver_plan import starts_from_noise

_MIB = 1 << 20


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; return 0, or 1 after saying what is wrong."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = given.run
    try:
        run(given)
    except DexoraError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def echo(text: str) -> None:
    """Write one line to standard output."""
    sys.stdout.write(f"{text}\n")


def manifest_rows(manifest: Manifest) -> list[tuple[str, str]]:
    """Return what a person wants to know of a bundle, as rows of name and text."""
    language = manifest.language
    known = (
        f"{len(language.known_instructions)} known instructions"
        if language.known_instructions
        else "takes any"
    )
    size, tokens = manifest.image_size, f"{manifest.tokens_per_view} x {manifest.token_dim}"
    return [
        (
            "robot",
            f"{manifest.robot}, {len(manifest.joint_names)} joints, layout {manifest.contract_hash[:12]}",
        ),
        ("cameras", f"{', '.join(manifest.views)}, {size} x {size} px"),
        ("tokens", f"{tokens} per camera, by {manifest.encoder_id}"),
        ("language", f"{language.kind}, {language.max_tokens} x {language.dim}, {known}"),
        ("chunk", f"{manifest.horizon} steps of {1e3 * manifest.step_dt_s:g} ms"),
        ("prefix", f"up to {manifest.max_prefix_steps} steps"),
        ("plans anew", f"every {manifest.n_action_steps} steps, {manifest.replan_hz:g} times per second"),
        ("sampling", f"{manifest.head}, {manifest.steps} steps at {list(manifest.schedule)}"),
        ("noise", f"scale {manifest.noise_scale:g}" if starts_from_noise(manifest.head) else "none"),
        ("precision", manifest.precision),
        ("data", f"{manifest.statistics.dataset}, statistics {manifest.statistics.hash[:12]}"),
        ("embodiment", manifest.embodiment),
        (
            "requires",
            ", ".join(f"{name} {version}" for name, version in manifest.requires.items()) or "nothing",
        ),
        ("created", manifest.created),
        ("parent", manifest.parent or "none"),
        *(("lineage", text) for text in manifest.lineage),
        *((name, f"{entry.bytes / _MIB:.2f} MiB") for name, entry in manifest.files.items()),
    ]


def _info(given: argparse.Namespace) -> None:
    bundle = load_bundle(given.bundle, verify=False)
    echo(f"{bundle.bundle_id} (files not verified)")
    _table(manifest_rows(bundle.manifest))
    echo(f"manifest {bundle.manifest_hash}")
    for instruction in bundle.manifest.language.known_instructions if given.instructions else ():
        echo(f"  {instruction}")


def _verify(given: argparse.Namespace) -> None:
    bundle = load_trusted_bundle(given.bundle, given.public_key)
    checked = [f"{len(bundle.manifest.files)} files"]
    if given.public_key:
        checked.append("signature")
    if given.robot:
        check_bundle(bundle, load_contract(contract_path(given.robot)))
        check_runtime(bundle.manifest.requires, bundle.path.name)
        checked.append(f"robot {given.robot} and libraries")
    echo(f"{bundle.bundle_id} is sound: {', '.join(checked)}")


def _key(given: argparse.Namespace) -> None:
    public = generate_key(given.key)
    echo(f"keep {given.key} secret; give {public} to those who shall verify")


def _sign(given: argparse.Namespace) -> None:
    public = sign_bundle(given.bundle, given.key)
    echo(f"{load_bundle(given.bundle, verify=False).bundle_id} is signed by {public[:16]}")


def _fetch(given: argparse.Namespace) -> None:
    bundle = fetch_bundle(given.source, given.target, revision=given.revision, sha256=given.sha256)
    echo(f"{bundle.bundle_id} is at {bundle.path}; manifest {bundle.manifest_hash}")


def _build(given: argparse.Namespace) -> None:
    bundle = load_bundle(given.bundle)
    for graph in ("encoder", "language", "policy", "context", "step"):
        if any(name.startswith(f"{graph}.") and name.endswith(".onnx") for name in bundle.manifest.files):
            _build_graph(bundle, graph, given)


def _build_graph(bundle: Bundle, graph: str, given: argparse.Namespace) -> None:
    precision = "fp32" if graph == "language" else given.precision
    sizes = {"V": len(bundle.manifest.views)} if graph == "encoder" else {}
    engine = open_graph(
        bundle, graph, "tensorrt", precision=precision, cache_dir=given.cache_dir, options={"sizes": sizes}
    )
    durations_s = engine.warm_up(10)
    echo(f"{graph}: built for {engine.device}, {1e3 * sorted(durations_s)[len(durations_s) // 2]:.2f} ms")
    engine.close()


def _table(rows: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        echo(f"  {name:<{width}}  {text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dexora-bundle", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")

    def verb(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=summary, description=summary)
        added.set_defaults(run=run)
        return added

    info = verb("info", _info, "show what a bundle is; its files are not read")
    info.add_argument("--instructions", action="store_true", help="list those that it was trained with")
    verify = verb("verify", _verify, "check every byte, and on request signature, robot and libraries")
    verify.add_argument("--public-key", type=Path, help="refuse a bundle that this key did not sign")
    verify.add_argument("--robot", help="refuse a bundle that does not fit this robot, such as dexora36")
    sign = verb("sign", _sign, "sign a bundle with a private key")
    sign.add_argument("--key", type=Path, required=True)
    build = verb("build", _build, "build the TensorRT engines of a bundle for the GPU of this machine")
    build.add_argument("--precision", default="int8")
    build.add_argument("--cache-dir", type=Path, help="instead of <bundle>.engines beside the bundle")
    for parser_of_bundle in (info, verify, sign, build):
        parser_of_bundle.add_argument("bundle", type=Path)
    verb("key", _key, "make a private key and, beside it, its public key").add_argument("key", type=Path)
    fetch = verb("fetch", _fetch, "fetch a bundle; start again to go on after an interruption")
    fetch.add_argument("source", help="owner/name of a hub, https://... of a folder, or a folder")
    fetch.add_argument("target", type=Path)
    fetch.add_argument("--revision", default="", help="commit of the hub's repository, 40 digits")
    fetch.add_argument("--sha256", default="", help="hash of the manifest that is expected")
    return parser


if __name__ == "__main__":
    sys.exit(main())
