"""The text of `ros2 bag info`."""

from __future__ import annotations

from datetime import datetime

from dexora_ros2cli.bag.model import SERIALIZATION, STORAGE_ID, BagSummary

INDENT = " " * 19
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size_text(size_bytes: int) -> str:
    """Return a size in the largest unit that leaves a number of at least one."""
    size = float(size_bytes)
    index = 0
    while size >= 1024 and index < len(UNITS) - 1:
        size /= 1024
        index += 1
    return f"{size:.{0 if index == 0 else 1}f} {UNITS[index]}"


def seconds_text(time_ns: int) -> str:
    """Return nanoseconds as seconds with nine decimals."""
    return f"{time_ns // 1_000_000_000}.{time_ns % 1_000_000_000:09d}"


def time_text(time_ns: int) -> str:
    """Return a time as local date, time of day and seconds since 1970."""
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000)
    return f"{moment:%b %e %Y %H:%M:%S}.{time_ns % 1_000_000_000:09d} ({seconds_text(time_ns)})"


def info_text(summary: BagSummary) -> str:
    """Return the description of a bag."""
    topics = [
        f"Topic: {topic.name} | Type: {topic.type_name} | Count: {summary.count_of(topic.name)} | "
        f"Serialization Format: {topic.serialization or SERIALIZATION}"
        for topic in summary.topics
    ]
    rows = [
        ("Files:", f"\n{INDENT}".join(item.path for item in summary.files)),
        ("Bag size:", size_text(summary.size_bytes)),
        ("Storage id:", STORAGE_ID),
        ("ROS Distro:", summary.ros_distro or "unknown"),
        ("Duration:", f"{seconds_text(summary.duration_ns)}s"),
        ("Start:", time_text(summary.start_ns)),
        ("End:", time_text(summary.start_ns + summary.duration_ns)),
        ("Messages:", str(summary.message_count)),
        ("Topic information:", f"\n{INDENT}".join(topics)),
        ("Service:", "0"),
        ("Service information:", ""),
    ]
    return "\n" + "\n".join(f"{title:<18} {value}" for title, value in rows) + "\n"
