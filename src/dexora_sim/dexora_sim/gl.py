"""Chooses how MuJoCo draws off screen: GPU through EGL, Mesa through EGL, or OSMesa.

`MUJOCO_GL` is read by MuJoCo when it is imported, so the choice must come before. Each candidate is tried in
a process of its own, because a failed attempt leaves the OpenGL libraries of its process unusable. The result
is put into the environment: child processes find it there and do not probe again.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from dexora_sim.errors import RenderError

PACKAGES = "libegl1 libgl1-mesa-dri libgles2"
CANDIDATES = ("egl", "osmesa")
PROBE_TIMEOUT_S = 60.0
PROBED_VARIABLE = "DEXORA_GL_PROBED"
_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast")
_PROBE = """
import mujoco
from dexora_sim import gl
context = gl.context_class()(8, 8)
context.make_current()
from OpenGL import GL
print(GL.glGetString(GL.GL_RENDERER).decode())
"""


@dataclass(frozen=True)
class GlChoice:
    """What draws the pictures.

    Attributes:
        platform: Value of `MUJOCO_GL`: "egl" or "osmesa".
        renderer: What OpenGL calls itself, such as "llvmpipe (LLVM 15.0.6, 256 bits)".
    """

    platform: str
    renderer: str

    @property
    def is_gpu(self) -> bool:
        """Whether a graphics card draws, not the processor."""
        return not any(name in self.renderer.lower() for name in _SOFTWARE_RENDERERS)


def probe(platform: str) -> tuple[str, str]:
    """Try to open an OpenGL context in a process of its own.

    Args:
        platform: Value of `MUJOCO_GL` to try.

    Returns:
        (renderer, ""): it works, or ("", reason): the last line of what it said.
    """
    environment = dict(os.environ, MUJOCO_GL=platform, PYOPENGL_PLATFORM=platform)
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and text)
            [sys.executable, "-c", _PROBE],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PROBE_TIMEOUT_S:.0f} s"
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout.strip().splitlines()[-1], ""
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return "", lines[-1]


def choose(
    environment: MutableMapping[str, str] | None = None,
    probe: Callable[[str], tuple[str, str]] = probe,
) -> GlChoice:
    """Choose the platform and put it into the environment of this process and its children.

    A `MUJOCO_GL` set by the user is the only one tried.

    Args:
        environment: Variables to read and to set; those of this process when left out.
        probe: Tells whether a platform works; replaced in tests.

    Raises:
        RenderError: Nothing works; the message names the packages to install.
    """
    variables = os.environ if environment is None else environment
    known = variables.get(PROBED_VARIABLE, "")
    if known:
        platform, _, renderer = known.partition(":")
        if variables.get("MUJOCO_GL", platform) == platform:
            return GlChoice(platform, renderer)
    wanted = variables.get("MUJOCO_GL", "").strip().lower()
    failures = []
    for platform in (wanted,) if wanted else CANDIDATES:
        renderer, reason = probe(platform)
        if renderer:
            variables["MUJOCO_GL"] = variables["PYOPENGL_PLATFORM"] = platform
            variables[PROBED_VARIABLE] = f"{platform}:{renderer}"
            return GlChoice(platform, renderer)
        failures.append(f"MUJOCO_GL={platform}: {reason}")
    raise RenderError(_explain(wanted, failures))


def _explain(wanted: str, failures: list[str]) -> str:
    head = "cannot render off screen: " + "; ".join(failures) + ". "
    if wanted and wanted not in CANDIDATES:
        return head + f"Unset MUJOCO_GL or set it to one of {', '.join(CANDIDATES)}."
    return (
        head
        + f"Install the software renderer with `apt-get install {PACKAGES}`"
        + (" or unset MUJOCO_GL." if wanted else ".")
    )


def context_class() -> Callable[[int, int], Any]:
    """Return the class that opens an OpenGL context (width, height) on the platform of the environment.

    Raises:
        RenderError: The platform is not one of `CANDIDATES`.
    """
    platform = os.environ.get("MUJOCO_GL", "")
    if platform not in CANDIDATES:
        raise RenderError(
            f"MUJOCO_GL is '{platform}', must be one of {', '.join(CANDIDATES)}. Call gl.choose() first."
        )
    return importlib.import_module(f"mujoco.{platform}").GLContext
