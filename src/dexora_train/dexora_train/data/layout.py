"""Where a LeRobot dataset keeps what, in the versions v3.0 and v2.1, and which features ours have.

Version 3.0 packs many episodes into one file, version 2.1 has files of its own for each episode. The layout
is that of the `lerobot` package (Apache-2.0, Hugging Face), whose reader opens what is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexora_core.contract import RobotContract

STATE = "observation.state"
ACTION = "action"
TRUTH = "truth.scene"
ACTION_LEAD_STEPS = 1
"""An action is where the joints shall be so many frames after its own, as `lerobot` records it."""
IMAGE_PREFIX = "observation.images."
INFO = "meta/info.json"
STATS = "meta/stats.json"
CHUNK_SIZE = 1000
DATA_FILE_MB, VIDEO_FILE_MB = 100, 200
INDEX_FEATURES = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
_NUMBERED = "chunk-{chunk_index:03d}/file-{file_index:03d}"


@dataclass(frozen=True)
class Version:
    """Paths of one version of the format, relative to the dataset's root.

    Attributes:
        name: `codebase_version` of the format.
        data_path: Table of frames; placeholders as in the format's `info.json`.
        video_path: Video of one view.
        tasks: Table of tasks.
        episodes: Table of episodes.
    """

    name: str
    data_path: str
    video_path: str
    tasks: str
    episodes: str


V3 = Version(
    "v3.0",
    f"data/{_NUMBERED}.parquet",
    f"videos/{{video_key}}/{_NUMBERED}.mp4",
    "meta/tasks.parquet",
    f"meta/episodes/{_NUMBERED}.parquet",
)
V2 = Version(
    "v2.1",
    "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
    "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
    "meta/tasks.jsonl",
    "meta/episodes.jsonl",
)
VERSIONS = {version.name: version for version in (V3, V2)}
EPISODES_STATS_V2 = "meta/episodes_stats.jsonl"


def image_key(view: str) -> str:
    """Return the feature of a camera view."""
    return f"{IMAGE_PREFIX}{view}"


def features_of(
    contract: RobotContract, views: tuple[str, ...], image_size: tuple[int, int], truth: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return the `features` of `info.json`: joints by the contract's names, pictures by view.

    Args:
        contract: The robot.
        views: Camera views that are recorded.
        image_size: Height and width of every picture in pixels.
        truth: Names of the ground-truth values [m]; no policy reads them at run time.
    """
    joints = {"dtype": "float32", "shape": [len(contract.joints)], "names": list(contract.joint_names)}
    features: dict[str, dict[str, Any]] = {STATE: joints, ACTION: dict(joints)}
    if truth:
        features[TRUTH] = {"dtype": "float32", "shape": [len(truth)], "names": list(truth)}
    for view in views:
        features[image_key(view)] = {
            "dtype": "video",
            "shape": [*image_size, 3],
            "names": ["height", "width", "channels"],
        }
    for name, dtype in INDEX_FEATURES.items():
        features[name] = {"dtype": dtype, "shape": [1], "names": None}
    return features


def video_keys(features: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return the features that are videos, in order."""
    return tuple(key for key, feature in features.items() if feature["dtype"] == "video")


def numeric_keys(features: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return the features that are columns of the table, in order."""
    return tuple(key for key, feature in features.items() if feature["dtype"] != "video")


def chunk_and_file(number: int) -> dict[str, int]:
    """Return the place of the n-th file of a kind in version 3.0."""
    return {"chunk_index": number // CHUNK_SIZE, "file_index": number % CHUNK_SIZE}


def episode_place(index: int) -> dict[str, int]:
    """Return the place of an episode in version 2.1."""
    return {"episode_chunk": index // CHUNK_SIZE, "episode_index": index}


def prepared(path: Path) -> Path:
    """Return `path` after making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
