"""Draws the views of a model off screen, in the calling thread."""

from __future__ import annotations

import math
from collections.abc import Iterable

import mujoco
import numpy as np
from dexora_core.contract import CameraSpec
from numpy.typing import NDArray

from dexora_sim import gl
from dexora_sim.errors import RenderError
from dexora_sim.snapshot import Snapshot

Image = NDArray[np.uint8]
MAX_GEOMS = 2000
_NEAREST_M = 1e-3


class OffscreenRenderer:
    """Draws RGB pictures of named views.

    It keeps a private copy of the model and of the state, so the caller's physics is never touched. Pictures
    have the camera's vertical field of view; a square picture is the centre crop of a 4:3 one.

    Args:
        model: Compiled model that has a camera for each view.
        cameras: Views with their sizes in pixels.

    Raises:
        RenderError: No OpenGL platform works, or the model has no such camera.
    """

    def __init__(self, model: mujoco.MjModel, cameras: Iterable[CameraSpec]) -> None:
        gl.choose()
        self._cameras = {camera.view: camera for camera in cameras}
        self._ids = {view: _camera_id(model, view) for view in self._cameras}
        self._model = model.__copy__()
        self._data = mujoco.MjData(self._model)
        self._looks_version: int | None = None
        self._is_current = False
        frame = self._model.vis.global_
        frame.offwidth = max([8] + [camera.width for camera in self._cameras.values()])
        frame.offheight = max([8] + [camera.height for camera in self._cameras.values()])
        self._gl = gl.context_class()(frame.offwidth, frame.offheight)
        self._gl.make_current()
        self._scene = mujoco.MjvScene(self._model, maxgeom=MAX_GEOMS)
        self._option = mujoco.MjvOption()
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views in the order they were given."""
        return tuple(self._cameras)

    def load(self, snapshot: Snapshot) -> None:
        """Take over the state that the next pictures show."""
        if snapshot.looks.version != self._looks_version:
            snapshot.looks.apply(self._model)
            self._looks_version = snapshot.looks.version
        self._is_current = False
        self._data.qpos[:] = snapshot.qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)

    def draw(self, view: str, out: Image | None = None) -> Image:
        """Draw one view of the state loaded last.

        Args:
            view: Name of the view.
            out: Array to fill, (height, width, 3) uint8 RGB, contiguous; a new one when left out.

        Raises:
            RenderError: The view is unknown.
        """
        if view not in self._cameras:
            raise RenderError(f"view '{view}' is unknown; there are {', '.join(self._cameras)}.")
        camera = self._cameras[view]
        picture = np.empty((camera.height, camera.width, 3), np.uint8) if out is None else out
        self._gl.make_current()
        self._aim(view)
        rect = mujoco.MjrRect(0, 0, camera.width, camera.height)
        mujoco.mjr_render(rect, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, rect, self._context)
        picture[:] = picture[::-1].copy()  # OpenGL's first row is the lowest
        return picture

    def draw_geoms(self, view: str, height: int, width: int) -> NDArray[np.int32]:
        """Return the geom that each pixel of a view shows, (height, width); -1: none.

        Args:
            view: Name of the view, of the state loaded last.
            height: Rows, at most those of the largest camera.
            width: Columns, at most those of the largest camera.
        """
        self._gl.make_current()
        self._aim(view)
        flags = [int(flag) for flag in (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR)]
        self._scene.flags[flags] = 1
        rect, coded = mujoco.MjrRect(0, 0, width, height), np.empty((height, width, 3), np.uint8)
        mujoco.mjr_render(rect, self._scene, self._context)
        mujoco.mjr_readPixels(coded, None, rect, self._context)
        self._scene.flags[flags] = 0
        numbers = coded[::-1].astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], np.int32)
        geom_of = np.full(self._scene.ngeom + 1, -1, np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM.value:
                geom_of[geom.segid + 1] = geom.objid
        return geom_of[numbers]

    def project(self, view: str, point_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where a view of the state loaded last shows a point, shape (3,).

        Args:
            view: Name of the view.
            point_m: In the world frame [m], shape (3,).

        Returns:
            Right and down from the middle of the picture as shares of half its height, and the distance along
            the optical axis [m], which is not positive behind the camera.
        """
        camera = self._ids[view]
        x, y, z = (point_m - self._data.cam_xpos[camera]) @ self._data.cam_xmat[camera].reshape(3, 3)
        scale = max(-z, _NEAREST_M) * math.tan(math.radians(self._model.cam_fovy[camera]) / 2)
        return np.array([x / scale, -y / scale, -z])

    def _aim(self, view: str) -> None:
        """Point the scene's camera at a view; the geometry is updated once per state, not once per view."""
        self._view.fixedcamid = self._ids[view]
        if self._is_current:
            mujoco.mjv_updateCamera(self._model, self._data, self._view, self._scene)
            return
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(
            self._model, self._data, self._option, None, self._view, everything, self._scene
        )
        self._is_current = True

    def render(self, snapshot: Snapshot) -> dict[str, Image]:
        """Draw every view of a state; each picture is (height, width, 3) uint8 RGB."""
        self.load(snapshot)
        return {view: self.draw(view) for view in self._cameras}

    def close(self) -> None:
        """Give the OpenGL context back; nothing can be drawn afterwards."""
        self._gl.make_current()  # what is freed is looked up in the context that is current
        self._context.free()
        self._gl.free()


def _camera_id(model: mujoco.MjModel, view: str) -> int:
    index: int = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA.value, view)
    if index < 0:
        known = [model.camera(i).name for i in range(model.ncam)]
        raise RenderError(f"the model has no camera '{view}'; it has {', '.join(known) or 'none'}.")
    return index
