"""Rows of the fault table about cameras and their tokens (CAM, TOK). Read by `fault_table.py`."""

from __future__ import annotations

# fmt: off
ROWS: tuple[tuple[str, int, bool, str, str], ...] = (
    # Cameras: the view is masked, the policy goes on with the others or stops by the ages of the contract.
    ("DX-CAM-001", 1, False, "Camera {subject} sends pictures that do not fit: {detail}.",
     "Set size and encoding of the camera to what the contract says, or image_width and image_height."),
    ("DX-CAM-002", 1, False,
     "Camera {subject} shows nothing: mean {mean}, contrast {contrast} on a scale of 255.",
     "Remove the cap, light the scene, or correct the exposure."),
    ("DX-CAM-003", 1, False,
     "Camera {subject} stamps its pictures {ahead_ms} ms into the future, bound {bound_ms} ms.",
     "Synchronise the clocks of the machines; in simulation set use_sim_time on every node."),
    ("DX-CAM-004", 1, False, "No picture of camera {subject} has arrived.",
     "Start its camera node; `ros2 topic info -v` on its topic shows who publishes and who listens."),
    ("DX-CAM-005", 1, False, "Camera {subject} is lost: {detail}; it is opened again.",
     "Look at its cable, its power and its hub; it comes back by itself."),
    ("DX-CAM-006", 0, False, "Camera {subject} cannot be opened: {detail}.",
     "Check device, permissions and the modes it offers; docs/how-to/use_a_camera.md lists the commands."),
    # Tokens: nothing is published, and the ages of the contract stop the policy.
    ("DX-TOK-001", 1, False, "There are no tokens: every camera is masked ({detail}).",
     "Look at the cameras' own faults."),
    ("DX-TOK-002", 1, False, "The encoder {subject} gave NaN or infinity; these tokens were not published.",
     "Look at the precision of the engine; verify the bundle with `dexora-bundle verify`."),
    ("DX-TOK-003", 0, False, "The bundle {subject} holds another encoder: {detail}.",
     "Give every node of a robot the same bundle, or correct the parameter encoder_id."),
)
# fmt: on
