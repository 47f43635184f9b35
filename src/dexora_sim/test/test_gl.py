"""How the OpenGL platform is chosen: order, a user's wish, inheritance, and what the error says."""

from __future__ import annotations

import pytest
from dexora_sim.errors import RenderError

from dexora_sim import gl

MESA = "llvmpipe (LLVM 15.0.6, 256 bits)"


def prober(**answers: str):
    def probe(platform: str) -> tuple[str, str]:
        renderer = answers.get(platform, "")
        return renderer, "" if renderer else f"no {platform} here"

    return probe


def test_egl_works_egl_is_chosen_and_set_for_children():
    environment: dict[str, str] = {}
    choice = gl.choose(environment, prober(egl="NVIDIA H200/PCIe/SSE2", osmesa=MESA))
    assert choice.platform == "egl"
    assert choice.is_gpu
    assert environment["MUJOCO_GL"] == environment["PYOPENGL_PLATFORM"] == "egl"


def test_only_osmesa_works_osmesa_is_chosen():
    choice = gl.choose({}, prober(osmesa=MESA))
    assert choice.platform == "osmesa"
    assert not choice.is_gpu


def test_nothing_works_error_names_packages_and_reasons():
    with pytest.raises(RenderError) as caught:
        gl.choose({}, prober())
    message = str(caught.value)
    assert "apt-get install libegl1 libgl1-mesa-dri libgles2" in message
    assert "MUJOCO_GL=egl: no egl here" in message
    assert "MUJOCO_GL=osmesa: no osmesa here" in message


def test_user_wish_that_fails_is_not_overruled():
    with pytest.raises(RenderError, match=r"MUJOCO_GL=osmesa: no osmesa here.*or unset MUJOCO_GL"):
        gl.choose({"MUJOCO_GL": "osmesa"}, prober(egl=MESA))


def test_unknown_platform_lists_known_ones():
    with pytest.raises(RenderError, match="Unset MUJOCO_GL or set it to one of egl, osmesa"):
        gl.choose({"MUJOCO_GL": "glfw"}, prober(egl=MESA))


def test_child_of_a_probed_process_does_not_probe_again():
    environment: dict[str, str] = {}
    gl.choose(environment, prober(egl=MESA))

    def refuse(platform: str) -> tuple[str, str]:
        raise AssertionError(f"probed {platform}")

    assert gl.choose(environment, refuse) == gl.GlChoice("egl", MESA)


def test_wish_changed_after_probing_is_probed():
    environment: dict[str, str] = {}
    gl.choose(environment, prober(egl=MESA))
    environment["MUJOCO_GL"] = "osmesa"
    assert gl.choose(environment, prober(osmesa=MESA)).platform == "osmesa"


def test_context_without_choice_says_what_to_call(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "")
    with pytest.raises(RenderError, match=r"Call gl.choose\(\) first"):
        gl.context_class()


def test_real_probe_of_this_machine_answers():
    choice = gl.choose()
    assert choice.renderer
